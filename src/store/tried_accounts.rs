//! Different accounts tried from one address: many of them with a password each is credential stuffing. One row per address, so that one statement counts
//! exactly, however many come at once.

use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::entities::tried_accounts::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::{SKEW, Timestamp};
use crate::config::Quota;

/// An address with what was tried from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub address: String,
    pub accounts: u32,
    pub started_at: Timestamp,
}

/// Counts `account` among those tried from `address`, before it is tried, in one statement: at most `quota.burst` within `quota.per`. Whether it may be
/// tried; one that was tried already may.
pub async fn redeem(conn: &Conn<'_>, address: &str, account: Uuid, quota: Quota, now: Timestamp) -> Result<bool> {
    let mark = mark(account);
    let row = Model { address: address.to_owned(), accounts: mark.clone(), tally: 1, started_at: now.millis() };
    // Or begun by a clock that was ahead, which nobody waits for.
    let started = || column(Column::StartedAt);
    let is_over = || started().lte(now.minus(quota.per).millis()).or(started().gt(now.plus(SKEW).millis()));
    let is_known = || column(Column::Accounts).like(LikeExpr::new(format!("%{mark}%")));
    let accounts = Expr::case(is_over(), mark.clone())
        .case(is_known(), column(Column::Accounts))
        .finally(column(Column::Accounts).binary(sea_orm::sea_query::BinOper::Custom("||"), mark.clone()));
    let tally = Expr::case(is_over(), 1).case(is_known(), column(Column::Tally)).finally(column(Column::Tally).add(1));
    let again = OnConflict::column(Column::Address)
        .value(Column::Accounts, accounts)
        .value(Column::Tally, tally)
        .value(Column::StartedAt, Expr::case(is_over(), now.millis()).finally(column(Column::StartedAt)))
        .action_and_where(is_over().or(is_known()).or(column(Column::Tally).lt(quota.burst)))
        .to_owned();
    let statement = Entity::insert(row.into_active_model()).on_conflict(again).into_query();
    Ok(conn.change(&statement).await? > 0)
}

/// Takes `account` out again: its password was right.
pub async fn update_given_back(conn: &Conn<'_>, address: &str, account: Uuid) -> Result<()> {
    let mark = mark(account);
    let without = Func::cust("replace").arg(Expr::col(Column::Accounts)).arg(mark.clone()).arg("");
    Entity::update_many()
        .col_expr(Column::Accounts, without.into())
        .col_expr(Column::Tally, Expr::col(Column::Tally).sub(1))
        .filter(Column::Address.eq(address))
        .filter(Column::Accounts.like(format!("%{mark}%")))
        .exec(conn)
        .await?;
    Ok(())
}

pub async fn find(conn: &Conn<'_>, address: &str) -> Result<Option<Tried>> {
    Ok(Entity::find_by_id(address).one(conn).await?.map(Tried::from))
}

/// Addresses from which so many accounts were tried since then: for operators.
pub async fn list_full(conn: &Conn<'_>, quota: Quota, now: Timestamp, limit: u64) -> Result<Vec<Tried>> {
    let rows = Entity::find()
        .filter(Column::Tally.gte(quota.burst))
        .filter(Column::StartedAt.gt(now.minus(quota.per).millis()))
        .order_by_desc(Column::StartedAt)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(Tried::from).collect())
}

/// Forgets what was tried from an address.
pub async fn revoke(conn: &Conn<'_>, address: &str) -> Result<bool> {
    Ok(Entity::delete_by_id(address).exec(conn).await?.rows_affected > 0)
}

/// Removes what began before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find().select_only().column(Column::Address).filter(Column::StartedAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::Address.in_subquery(old)).exec(conn).await?.rows_affected)
}

/// Twelve hexadecimal digits of the id and a full stop: nothing in it means anything to `LIKE`.
fn mark(account: Uuid) -> String {
    let text = account.simple().to_string();
    let end = text.chars().rev().take(12).collect::<String>();
    format!("{end}.")
}

fn column(column: Column) -> Expr {
    Expr::col((Entity, column))
}

impl From<Model> for Tried {
    fn from(row: Model) -> Self {
        Self {
            address: row.address,
            accounts: u32::try_from(row.tally).unwrap_or_default(),
            started_at: Timestamp::from_millis(row.started_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    const THREE: Quota = Quota { burst: 3, per: Duration::from_mins(10) };

    async fn tried(store: &Store, account: u128, at: Timestamp) -> bool {
        store.write_one(move |conn| Box::pin(redeem(conn, "192.0.2.1", Uuid::from_u128(account), THREE, at))).await.unwrap()
    }

    #[tokio::test]
    async fn accounts_are_told_apart_and_one_whose_password_was_right_is_taken_out() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            for account in [1, 2, 1, 3, 2, 3, 1] {
                assert!(tried(&store, account, NOW).await, "{account}");
            }
            assert!(!tried(&store, 4, NOW).await);
            assert!(tried(&store, 2, NOW).await, "one that was tried before");
            assert_eq!(list_full(&store.read(), THREE, NOW, 10).await.unwrap().len(), 1);
            for _ in 0..2 {
                let giving = store.write_one(|conn| Box::pin(update_given_back(conn, "192.0.2.1", Uuid::from_u128(2))));
                giving.await.unwrap();
            }
            assert_eq!(find(&store.read(), "192.0.2.1").await.unwrap().unwrap().accounts, 2);
            assert!(tried(&store, 4, NOW).await);
            assert!(!tried(&store, 5, NOW.plus(Duration::from_mins(9))).await);
            assert!(tried(&store, 5, NOW.plus(THREE.per)).await, "a new window");
            assert_eq!(find(&store.read(), "192.0.2.1").await.unwrap().unwrap().accounts, 1);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_at_once_no_more_than_the_quota_are_tried() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let tries = (0..24).map(|account| {
                let store = store.clone();
                tokio::spawn(async move { tried(&store, account, NOW).await })
            });
            let made = futures_util::future::join_all(tries).await.into_iter().filter(|made| *made.as_ref().unwrap()).count();
            assert_eq!(made, 3);
            let later = NOW.plus(Duration::from_millis(1));
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, later, 10))).await.unwrap(), 1);
        }
    }
}
