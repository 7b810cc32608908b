//! How often a person's second factor was tried: one counter for all sessions, addresses and replicas (OWASP ASVS 5 §6.6.3, NIST SP 800-63B §3.2.2).

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};
use uuid::Uuid;

use super::entities::factor_attempts::{Column, Entity, Model};
use super::{Conn, Result, failures};
use crate::clock::{SKEW, Timestamp};

/// How much trying is borne.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub row: failures::Rules,
    /// So many failures of this long, in a row or not, are borne.
    pub window_failures: i32,
    pub window: Duration,
}

impl Rules {
    /// When the next try may be made; the ceiling is another matter.
    #[must_use]
    pub fn blocked_until(&self, attempts: &Attempts, now: Timestamp) -> Timestamp {
        let full = attempts.window_failures >= self.window_failures && !now.is_before(attempts.window_started_at);
        let window_ends = if full { attempts.window_started_at.plus(self.window) } else { Timestamp::default() };
        let pause_ends = self.row.left(attempts.blocked_until, now).map_or_else(Timestamp::default, |left| now.plus(left));
        pause_ends.max(window_ends)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// In a row.
    pub failures: i32,
    pub window_failures: i32,
    pub window_started_at: Timestamp,
    pub blocked_until: Timestamp,
}

pub async fn find(conn: &Conn<'_>, user_id: Uuid) -> Result<Attempts> {
    Ok(Entity::find_by_id(user_id).one(conn).await?.map(Attempts::from).unwrap_or_default())
}

/// Counts a try before anything is checked, as if it had failed. Whether it may be made; if not, nothing was counted.
pub async fn redeem(conn: &Conn<'_>, user_id: Uuid, rules: &Rules, now: Timestamp) -> Result<bool> {
    let row = Model {
        user_id,
        failures: 1,
        window_failures: 1,
        window_started_at: now.millis(),
        blocked_until: failures::first_pause(&rules.row, now),
        sends: 0,
        sends_since: 0,
    };
    // One that began ahead was begun by a clock that was wrong, and would last until that time has come.
    let began = || column(Column::WindowStartedAt);
    let window_is_over = || began().lte(now.minus(rules.window).millis()).or(began().gt(now.plus(SKEW).millis()));
    let window_is_borne = window_is_over().or(column(Column::WindowFailures).lt(rules.window_failures));
    let again = OnConflict::column(Column::UserId)
        .value(Column::Failures, column(Column::Failures).add(1))
        .value(Column::WindowFailures, Expr::case(window_is_over(), 1).finally(column(Column::WindowFailures).add(1)))
        .value(Column::WindowStartedAt, Expr::case(window_is_over(), now.millis()).finally(column(Column::WindowStartedAt)))
        .value(Column::BlockedUntil, failures::pauses(|| column(Column::Failures), &rules.row, now))
        .action_and_where(failures::is_paused(column(Column::BlockedUntil), &rules.row, now).not())
        .action_and_where(column(Column::Failures).lt(rules.row.ceiling))
        .action_and_where(window_is_borne)
        .to_owned();
    let statement = Entity::insert(row.into_active_model()).on_conflict(again).into_query();
    Ok(conn.change(&statement).await? > 0)
}

/// The row that is there, not the one that would be inserted.
fn column(column: Column) -> Expr {
    Expr::col((Entity, column))
}

/// A try was right: it is given back, and the row of failures is over.
pub async fn update_succeeded(conn: &Conn<'_>, user_id: Uuid) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Failures, Expr::value(0))
        .col_expr(Column::BlockedUntil, Expr::value(0_i64))
        .col_expr(Column::WindowFailures, Expr::col(Column::WindowFailures).sub(1))
        .filter(Column::UserId.eq(user_id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Gives a try back that was right, but says nothing about the failures before it: those stay.
pub async fn update_given_back(conn: &Conn<'_>, user_id: Uuid) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Failures, Expr::col(Column::Failures).sub(1))
        .col_expr(Column::BlockedUntil, Expr::value(0_i64))
        .col_expr(Column::WindowFailures, Expr::col(Column::WindowFailures).sub(1))
        .filter(Column::UserId.eq(user_id))
        .exec(conn)
        .await?;
    Ok(())
}

/// People whose codes are not tried now: for operators.
pub async fn list_blocked(conn: &Conn<'_>, rules: &Rules, now: Timestamp, limit: u64) -> Result<Vec<(Uuid, Attempts)>> {
    let window = Column::WindowStartedAt.gt(now.minus(rules.window).millis()).and(Column::WindowFailures.gte(rules.window_failures));
    let blocked = Column::BlockedUntil.gt(now.millis()).or(Column::Failures.gte(rules.row.ceiling)).or(window);
    let rows = Entity::find().filter(blocked).limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.user_id, Attempts::from(row))).collect())
}

/// Forgets what was counted: the person has proved by mail that it is them.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid) -> Result<()> {
    Entity::delete_by_id(user_id).exec(conn).await?;
    Ok(())
}

impl From<Model> for Attempts {
    fn from(row: Model) -> Self {
        Self {
            failures: row.failures,
            window_failures: row.window_failures,
            window_started_at: Timestamp::from_millis(row.window_started_at),
            blocked_until: Timestamp::from_millis(row.blocked_until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);
    const RULES: Rules = Rules {
        row: failures::Rules { free: 5, pause: Duration::from_secs(30), longest_pause: Duration::from_mins(4), ceiling: 12 },
        window_failures: 100,
        window: Duration::from_hours(24),
    };

    async fn tried(store: &Store, now: Timestamp) -> bool {
        store.write_one(move |conn| Box::pin(redeem(conn, ADA, &RULES, now))).await.unwrap()
    }

    #[tokio::test]
    async fn five_tries_are_free_and_then_each_pause_is_twice_the_last() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let mut now = NOW;
            for _ in 0..5 {
                assert!(tried(&store, now).await);
            }
            for seconds in [30, 60, 120, 240, 240, 240, 240] {
                let attempts = find(&store.read(), ADA).await.unwrap();
                assert_eq!(attempts.blocked_until, now.plus(Duration::from_secs(seconds)), "{attempts:?}");
                assert!(!tried(&store, attempts.blocked_until.minus(Duration::from_millis(1))).await);
                assert_eq!(find(&store.read(), ADA).await.unwrap(), attempts, "nothing is counted meanwhile");
                now = attempts.blocked_until;
                assert!(tried(&store, now).await);
            }
            assert_eq!(find(&store.read(), ADA).await.unwrap().failures, RULES.row.ceiling);
            assert!(!tried(&store, now.plus(Duration::from_hours(1000))).await, "the ceiling");
            store.write_one(|conn| Box::pin(revoke(conn, ADA))).await.unwrap();
            assert!(tried(&store, now).await);
        }
    }

    #[tokio::test]
    async fn a_right_one_ends_the_row_and_the_window_goes_on() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            for _ in 0..3 {
                tried(&store, NOW).await;
            }
            store.write_one(|conn| Box::pin(update_succeeded(conn, ADA))).await.unwrap();
            let attempts = find(&store.read(), ADA).await.unwrap();
            assert_eq!((attempts.failures, attempts.window_failures), (0, 2));
            let later = NOW.plus(RULES.window);
            tried(&store, later).await;
            let attempts = find(&store.read(), ADA).await.unwrap();
            assert_eq!((attempts.failures, attempts.window_failures, attempts.window_started_at), (1, 1, later));
        }
    }

    #[tokio::test]
    async fn so_many_in_a_window_are_borne_whatever_was_right_between() {
        let rules = Rules { window_failures: 4, ..RULES };
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let tried = async |now: Timestamp| {
                store.write_one(move |conn| Box::pin(async move { redeem(conn, ADA, &rules, now).await })).await.unwrap()
            };
            for _ in 0..3 {
                assert!(tried(NOW).await);
            }
            store.write_one(|conn| Box::pin(update_succeeded(conn, ADA))).await.unwrap();
            assert!(tried(NOW).await && tried(NOW).await);
            assert!(!tried(NOW).await, "two wrong ones before the right one, two after");
            let listed = list_blocked(&store.read(), &rules, NOW, 10).await.unwrap();
            assert_eq!(listed.len(), 1);
            let end = NOW.plus(rules.window);
            assert!(!tried(end.minus(Duration::from_millis(1))).await);
            assert!(list_blocked(&store.read(), &rules, end, 10).await.unwrap().is_empty());
            assert!(tried(end).await);
        }
    }

    #[tokio::test]
    async fn neither_a_pause_nor_a_window_of_a_clock_that_was_ahead_keeps_anybody_out() {
        let rules = Rules { window_failures: 4, row: failures::Rules { free: 2, ..RULES.row }, ..RULES };
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let tried = async |now: Timestamp| {
                store.write_one(move |conn| Box::pin(async move { redeem(conn, ADA, &rules, now).await })).await.unwrap()
            };
            let ahead = NOW.plus(Duration::from_hours(48));
            for minutes in [0, 0, 10, 20] {
                assert!(tried(ahead.plus(Duration::from_mins(minutes))).await);
            }
            assert!(!tried(ahead.plus(Duration::from_mins(30))).await, "the window");
            let attempts = find(&store.read(), ADA).await.unwrap();
            assert!(rules.blocked_until(&attempts, NOW) <= NOW, "nor is anybody told to wait");
            assert!(tried(NOW).await);
            let attempts = find(&store.read(), ADA).await.unwrap();
            assert_eq!((attempts.failures, attempts.window_failures, attempts.window_started_at), (5, 1, NOW));
            assert!(!tried(NOW).await, "the pause of now");
        }
    }

    #[tokio::test]
    async fn of_many_tries_at_once_no_more_than_the_free_ones_are_made() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let tries = (0..16).map(|_| tried(&store, NOW));
            let made = futures_util::future::join_all(tries).await.into_iter().filter(|made| *made).count();
            assert_eq!(made, 5);
        }
    }
}
