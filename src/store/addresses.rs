//! People's e-mail addresses. The unique index on the users' table decides whose an address is.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::entities::users::{Column, Entity};
use super::suspensions::active;
use super::users::forward;
use super::{Conn, Result};
use crate::clock::Timestamp;

/// Gives a person another address, in its canonical form, that is known to be theirs, while the account is open and has the address and the credentials
/// (`auth_epoch`) that the change was asked with. Whether it was so.
///
/// # Errors
/// `Conflict` when it is somebody else's.
pub async fn update_seen(conn: &Conn<'_>, (user_id, from, epoch): (Uuid, &str, i64), email: &str, now: Timestamp) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::Email, Expr::value(email))
        .col_expr(Column::EmailVerified, Expr::value(true))
        .col_expr(Column::UpdatedAt, forward(now))
        .filter(Column::Id.eq(user_id))
        .filter(Column::Email.eq(from))
        .filter(Column::AuthEpoch.eq(epoch))
        .filter(active())
        .exec(conn)
        .await?;
    Ok(changed.rows_affected > 0)
}

/// Notes that the address is the person's own, while it is still this one and the account is open. Whether it was.
pub async fn update_verified(conn: &Conn<'_>, user_id: Uuid, email: &str, now: Timestamp) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::EmailVerified, Expr::value(true))
        .col_expr(Column::UpdatedAt, forward(now))
        .filter(Column::Id.eq(user_id))
        .filter(Column::Email.eq(email))
        .filter(active())
        .exec(conn)
        .await?;
    Ok(changed.rows_affected > 0)
}

#[cfg(test)]
mod tests {
    use super::super::Error;
    use super::super::testing::{NOW, TestDatabase, user};
    use super::super::users::{self, User};
    use super::*;

    #[tokio::test]
    async fn an_address_belongs_to_one_person() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (ada, bob) = (User { email_verified: false, ..user("ada@example.org") }, user("bob@example.org"));
            let both = (ada.clone(), bob);
            store
                .write(move |conn| {
                    let (ada, bob) = both.clone();
                    Box::pin(async move {
                        users::insert(conn, &ada).await?;
                        users::insert(conn, &bob).await
                    })
                })
                .await
                .unwrap();
            let id = ada.id;
            let change = |from: &'static str, epoch, to: &'static str| {
                store.write(move |conn| Box::pin(update_seen(conn, (id, from, epoch), to, NOW)))
            };
            let epoch = ada.auth_epoch;
            assert!(matches!(change("ada@example.org", epoch, "bob@example.org").await, Err(Error::Conflict)));
            assert!(!change("ada@example.net", epoch, "ada@example.com").await.unwrap());
            assert!(!change("ada@example.org", epoch + 1, "ada@example.com").await.unwrap());
            assert!(store.write(move |conn| Box::pin(update_verified(conn, id, "ada@example.org", NOW))).await.unwrap());
            assert!(users::find(&store.read(), id).await.unwrap().unwrap().email_verified);
            assert!(change("ada@example.org", epoch, "ada@example.net").await.unwrap());
            let changed = users::find(&store.read(), id).await.unwrap().unwrap();
            assert_eq!((changed.email.as_str(), changed.email_verified), ("ada@example.net", true));
            assert!(!store.write(move |conn| Box::pin(update_verified(conn, id, "ada@example.org", NOW))).await.unwrap());
        }
    }
}
