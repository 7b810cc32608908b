//! Leases, so that one replica at a time does a job.

use std::time::Duration;

use sea_orm::sea_query::{ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryTrait as _};

use super::entities::locks::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

/// Takes or prolongs the lease `name` for `holder`, in one statement. Whether `holder` has it now. A lease that ends much later than any can was taken
/// by a clock that was wrong, and is free.
pub async fn redeem(conn: &Conn<'_>, name: &str, holder: &str, now: Timestamp, lease: Duration) -> Result<bool> {
    let row = Model { name: name.to_owned(), holder: holder.to_owned(), expires_at: now.plus(lease).millis() };
    let never = now.plus(lease.saturating_mul(10)).millis();
    let free = Column::Holder.eq(holder).or(Column::ExpiresAt.lte(now.millis())).or(Column::ExpiresAt.gt(never));
    let take = OnConflict::column(Column::Name).update_columns([Column::Holder, Column::ExpiresAt]).action_and_where(free).to_owned();
    let statement = Entity::insert(row.into_active_model()).on_conflict(take).into_query();
    Ok(conn.change(&statement).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    #[tokio::test]
    async fn a_lease_is_its_holders_until_it_runs_out() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let take = |holder: &'static str, at: u64| {
                let (now, lease) = (NOW.plus(Duration::from_secs(at)), Duration::from_secs(10));
                store.write_one(move |conn| Box::pin(redeem(conn, "purge", holder, now, lease)))
            };
            assert!(take("a", 0).await.unwrap());
            assert!(!take("b", 5).await.unwrap());
            assert!(take("a", 5).await.unwrap());
            assert!(!take("b", 14).await.unwrap());
            assert!(take("b", 15).await.unwrap());
            assert!(!take("a", 16).await.unwrap());
            assert!(take("a", 100_000).await.unwrap());
            assert!(take("b", 50).await.unwrap(), "taken by a clock that was a day ahead");
        }
    }
}
