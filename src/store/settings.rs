//! Small named values that all replicas share, such as the proof that a key-encryption key belongs to this database.

use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use uuid::Uuid;

use super::entities::settings::{Column, Entity, Model};
use super::{Conn, Result};

/// The name of the setting that holds the digest of the declared hash a person was given.
#[must_use]
pub fn declared_hash(user_id: Uuid) -> String {
    format!("declared-hash:{user_id}")
}

/// The name of the setting that holds the hash that was made of the password a person was declared with in the clear.
#[must_use]
pub fn declared_password(user_id: Uuid) -> String {
    format!("declared-password:{user_id}")
}

pub async fn find(conn: &Conn<'_>, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(Entity::find_by_id(name).one(conn).await?.map(|row| row.value))
}

/// Inserts it unless there is one; answers the one that is there afterwards.
pub async fn insert_if_absent(conn: &Conn<'_>, name: &str, value: &[u8]) -> Result<Vec<u8>> {
    let row = Model { name: name.to_owned(), value: value.to_owned() };
    // Setting the name to itself changes nothing and makes RETURNING answer the row that was there before.
    let keep = OnConflict::column(Column::Name).update_column(Column::Name).to_owned();
    Ok(Entity::insert(row.into_active_model()).on_conflict(keep).exec_with_returning(conn).await?.value)
}

pub async fn update(conn: &Conn<'_>, name: &str, value: &[u8]) -> Result<()> {
    let row = Model { name: name.to_owned(), value: value.to_owned() };
    let replace = OnConflict::column(Column::Name).update_column(Column::Value).to_owned();
    Entity::insert(row.into_active_model()).on_conflict(replace).exec_without_returning(conn).await?;
    Ok(())
}

/// Whether there was one.
pub async fn revoke(conn: &Conn<'_>, name: &str) -> Result<bool> {
    Ok(Entity::delete_by_id(name).exec(conn).await?.rows_affected > 0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDatabase;
    use super::*;

    #[tokio::test]
    async fn the_first_value_stays_until_it_is_replaced() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let offer = |value: &'static [u8]| store.write_one(move |conn| Box::pin(insert_if_absent(conn, "kek", value)));
            assert_eq!(offer(b"first").await.unwrap(), b"first");
            assert_eq!(offer(b"second").await.unwrap(), b"first");
            store.write_one(|conn| Box::pin(update(conn, "kek", b"third"))).await.unwrap();
            assert_eq!(find(&store.read(), "kek").await.unwrap().as_deref(), Some(b"third".as_slice()));
            assert_eq!(find(&store.read(), "other").await.unwrap(), None);
            assert!(store.write_one(|conn| Box::pin(revoke(conn, "kek"))).await.unwrap());
            assert!(!store.write_one(|conn| Box::pin(revoke(conn, "kek"))).await.unwrap());
        }
    }
}
