//! Which address may still take an account back: the one it had before the first change of a short while. One for each person: the addresses between two
//! changes in a row are nobody's claim.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};
use uuid::Uuid;

use super::entities::former_addresses::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

/// Notes that `email` was the account's until `now` and may take it back until `until`; an address that was noted before and still may is left as it is.
pub async fn insert(conn: &Conn<'_>, user_id: Uuid, email: &str, until: Timestamp, now: Timestamp) -> Result<()> {
    let row = Model { user_id, email: email.to_owned(), until: until.millis() };
    let over = OnConflict::column(Column::UserId)
        .update_columns([Column::Email, Column::Until])
        .action_and_where(Expr::col((Entity, Column::Until)).lte(now.millis()))
        .to_owned();
    conn.change(&Entity::insert(row.into_active_model()).on_conflict(over).into_query()).await?;
    Ok(())
}

/// The one that may take the account back now.
pub async fn find(conn: &Conn<'_>, user_id: Uuid, now: Timestamp) -> Result<Option<String>> {
    let row = Entity::find_by_id(user_id).filter(Column::Until.gt(now.millis())).one(conn).await?;
    Ok(row.map(|row| row.email))
}

/// Forgets it: the account is back.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid) -> Result<()> {
    Entity::delete_by_id(user_id).exec(conn).await?;
    Ok(())
}

/// Removes those whose time was over before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let over = Entity::find().select_only().column(Column::UserId).filter(Column::Until.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::UserId.in_subquery(over)).exec(conn).await?.rows_affected)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);

    #[tokio::test]
    async fn the_first_of_two_addresses_in_a_row_takes_the_account_back() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let hours = |hours| NOW.plus(Duration::from_hours(hours));
            let leave = async |email: &'static str, at: Timestamp| {
                let until = at.plus(Duration::from_hours(72));
                store.write(move |conn| Box::pin(insert(conn, ADA, email, until, at))).await.unwrap();
            };
            leave("a@example.org", NOW).await;
            leave("b@example.org", hours(1)).await;
            assert_eq!(find(&store.read(), ADA, hours(71)).await.unwrap().as_deref(), Some("a@example.org"));
            assert_eq!(find(&store.read(), ADA, hours(72)).await.unwrap(), None);
            leave("c@example.org", hours(72)).await;
            assert_eq!(find(&store.read(), ADA, hours(73)).await.unwrap().as_deref(), Some("c@example.org"));
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, hours(144), 10))).await.unwrap(), 0);
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, hours(145), 10))).await.unwrap(), 1);
            leave("d@example.org", hours(200)).await;
            store.write_one(|conn| Box::pin(revoke(conn, ADA))).await.unwrap();
            assert_eq!(find(&store.read(), ADA, hours(200)).await.unwrap(), None);
        }
    }
}
