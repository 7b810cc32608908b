//! How often something was guessed wrong in a row: one row per key, for all sessions, addresses and replicas (NIST SP 800-63B §3.2.2).
//!
//! A key is `what:whose` or `what:whose:device`. Whose may be nobody: an address without an account is counted like any other.

use std::time::Duration;

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::entities::failures::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::{SKEW, Timestamp};

/// How much guessing is borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Failures in a row after which a pause follows each.
    pub free: i32,
    /// The first pause; each one after it is twice as long.
    pub pause: Duration,
    pub longest_pause: Duration,
    /// Failures in a row after which nothing is tried any more.
    pub ceiling: i32,
}

impl Rules {
    /// As much of a pause that ends at `until` as is left. Of one that ends later than any can nothing: a clock that was ahead noted it.
    #[must_use]
    pub fn left(&self, until: Timestamp, now: Timestamp) -> Option<Duration> {
        (until > now && until <= self.never(now)).then(|| until.since(now))
    }

    fn never(&self, now: Timestamp) -> Timestamp {
        now.plus(self.longest_pause.max(self.pause)).plus(SKEW)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    pub key: String,
    pub user_id: Uuid,
    /// In a row.
    pub failures: i32,
    pub blocked_until: Timestamp,
    pub last_at: Timestamp,
}

pub async fn find(conn: &Conn<'_>, key: &str) -> Result<Option<Failures>> {
    Ok(Entity::find_by_id(key).one(conn).await?.map(Failures::from))
}

/// Those that are paused now or had so many failures, latest first: for operators.
pub async fn list_blocked(conn: &Conn<'_>, ceiling: i32, now: Timestamp, limit: u64) -> Result<Vec<Failures>> {
    let blocked = Column::BlockedUntil.gt(now.millis()).or(Column::Failures.gte(ceiling));
    let rows = Entity::find().filter(blocked).order_by_desc(Column::LastAt).limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(Failures::from).collect())
}

/// Counts a try before anything is checked, as if it had failed, in one statement. Whether it may be made; if not, nothing was counted.
pub async fn redeem(conn: &Conn<'_>, key: &str, user_id: Uuid, rules: &Rules, now: Timestamp) -> Result<bool> {
    let row = Model { key: key.to_owned(), user_id, failures: 1, blocked_until: first_pause(rules, now), last_at: now.millis() };
    let again = OnConflict::column(Column::Key)
        .value(Column::Failures, column(Column::Failures).add(1))
        .value(Column::BlockedUntil, pauses(|| column(Column::Failures), rules, now))
        .value(Column::LastAt, now.millis())
        .action_and_where(is_paused(column(Column::BlockedUntil), rules, now).not())
        .action_and_where(column(Column::Failures).lt(rules.ceiling))
        .to_owned();
    let statement = Entity::insert(row.into_active_model()).on_conflict(again).into_query();
    Ok(conn.change(&statement).await? > 0)
}

/// The end of the pause after the first failure.
pub(super) fn first_pause(rules: &Rules, now: Timestamp) -> i64 {
    if rules.free <= 1 { now.plus(rules.pause.min(rules.longest_pause)).millis() } else { 0 }
}

/// The end of the pause after the failure that is being counted: by how many there were before it.
pub(super) fn pauses(failures: impl Fn() -> Expr, rules: &Rules, now: Timestamp) -> CaseStatement {
    let mut pause = rules.pause.max(Duration::from_millis(1));
    let mut before = rules.free;
    let mut ends = CaseStatement::new().case(failures().lt(rules.free.saturating_sub(1)), 0_i64);
    while pause < rules.longest_pause {
        ends = ends.case(failures().lt(before), now.plus(pause).millis());
        pause = pause.saturating_mul(2);
        before = before.saturating_add(1);
    }
    ends.finally(now.plus(rules.longest_pause).millis())
}

/// As [`Rules::left`].
pub(super) fn is_paused(until: Expr, rules: &Rules, now: Timestamp) -> Expr {
    until.between(now.plus(Duration::from_millis(1)).millis(), rules.never(now).millis())
}

/// The row that is there, not the one that would be inserted.
fn column(column: Column) -> Expr {
    Expr::col((Entity, column))
}

/// A try was right: it is given back, and the row of failures is over.
pub async fn revoke(conn: &Conn<'_>, key: &str) -> Result<bool> {
    Ok(Entity::delete_by_id(key).exec(conn).await?.rows_affected > 0)
}

/// Gives one try back that was no guess; the failures before it stay.
pub async fn update_given_back(conn: &Conn<'_>, key: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Failures, Expr::col(Column::Failures).sub(1))
        .col_expr(Column::BlockedUntil, Expr::value(0_i64))
        .filter(Column::Key.eq(key))
        .filter(Column::Failures.gt(0))
        .exec(conn)
        .await?;
    Ok(())
}

/// Forgets everything that was counted against a person. How many rows.
pub async fn revoke_all(conn: &Conn<'_>, user_id: Uuid) -> Result<u64> {
    Ok(Entity::delete_many().filter(Column::UserId.eq(user_id)).exec(conn).await?.rows_affected)
}

/// Removes those without a failure since `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find().select_only().column(Column::Key).filter(Column::LastAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::Key.in_subquery(old)).exec(conn).await?.rows_affected)
}

impl From<Model> for Failures {
    fn from(row: Model) -> Self {
        Self {
            key: row.key,
            user_id: row.user_id,
            failures: row.failures,
            blocked_until: Timestamp::from_millis(row.blocked_until),
            last_at: Timestamp::from_millis(row.last_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);
    const RULES: Rules = Rules { free: 3, pause: Duration::from_secs(5), longest_pause: Duration::from_secs(40), ceiling: 9 };

    async fn tried(store: &Store, key: &'static str, now: Timestamp) -> bool {
        store.write_one(move |conn| Box::pin(redeem(conn, key, ADA, &RULES, now))).await.unwrap()
    }

    #[tokio::test]
    async fn pauses_grow_to_the_longest_and_end_at_the_ceiling() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let mut now = NOW;
            for _ in 0..3 {
                assert!(tried(&store, "a", now).await);
            }
            for seconds in [5, 10, 20, 40, 40, 40] {
                let row = find(&store.read(), "a").await.unwrap().unwrap();
                assert_eq!(row.blocked_until, now.plus(Duration::from_secs(seconds)), "{row:?}");
                assert!(!tried(&store, "a", row.blocked_until.minus(Duration::from_millis(1))).await);
                assert_eq!(find(&store.read(), "a").await.unwrap().unwrap(), row, "nothing is counted meanwhile");
                now = row.blocked_until;
                assert!(tried(&store, "a", now).await);
            }
            assert!(!tried(&store, "a", now.plus(Duration::from_hours(9999))).await, "the ceiling");
            assert!(tried(&store, "b", now).await, "another key is another matter");
            assert_eq!(list_blocked(&store.read(), RULES.ceiling, now, 10).await.unwrap().len(), 1);
            assert_eq!(store.write_one(|conn| Box::pin(revoke_all(conn, ADA))).await.unwrap(), 2);
            assert!(tried(&store, "a", now).await);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_at_once_no_more_than_the_free_ones_are_made() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let tries = (0..24).map(|_| {
                let store = store.clone();
                tokio::spawn(async move { tried(&store, "a", NOW).await })
            });
            let made = futures_util::future::join_all(tries).await.into_iter().filter(|made| *made.as_ref().unwrap()).count();
            assert_eq!(made, 3);
        }
    }

    /// The failures themselves stay counted.
    #[tokio::test]
    async fn a_pause_of_a_clock_that_was_ahead_is_waited_for_by_nobody() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let ahead = NOW.plus(Duration::from_hours(13));
            for _ in 0..3 {
                assert!(tried(&store, "a", ahead).await);
            }
            assert!(!tried(&store, "a", ahead).await);
            let until = find(&store.read(), "a").await.unwrap().unwrap().blocked_until;
            assert_eq!((RULES.left(until, ahead), RULES.left(until, NOW)), (Some(Duration::from_secs(5)), None));
            assert!(!tried(&store, "a", ahead.minus(SKEW)).await, "another replica's clock");
            assert!(tried(&store, "a", NOW).await);
            let row = find(&store.read(), "a").await.unwrap().unwrap();
            assert_eq!((row.failures, row.blocked_until), (4, NOW.plus(Duration::from_secs(10))));
            assert!(!tried(&store, "a", NOW).await);
        }
    }

    #[tokio::test]
    async fn a_try_that_was_no_guess_is_given_back_and_old_rows_go() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            for _ in 0..3 {
                tried(&store, "a", NOW).await;
            }
            store.write_one(|conn| Box::pin(update_given_back(conn, "a"))).await.unwrap();
            let row = find(&store.read(), "a").await.unwrap().unwrap();
            assert_eq!((row.failures, row.blocked_until), (2, Timestamp::default()));
            assert_eq!(store.write_one(|conn| Box::pin(purge(conn, NOW, 10))).await.unwrap(), 0);
            let later = NOW.plus(Duration::from_millis(1));
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, later, 10))).await.unwrap(), 1);
        }
    }
}
