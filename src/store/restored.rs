//! What must not come back with a database that was restored from a backup: whatever was used or ended after the backup was made would be good again.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::entities::{device_authorizations, grants, locks, mails, sessions, totp_credentials, users};
use super::{Conn, Result};
use crate::clock::Timestamp;

/// By how much everybody's epoch rises: beyond any that was reached between the backup and now, so that nothing sealed in that time fits again.
const EPOCHS: i64 = 1 << 20;

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    pub people: u64,
    pub sessions: u64,
    pub grants: u64,
    pub mails: u64,
}

/// Ends every session and grant; with everybody's epoch also trusted devices, sign-ins and resets under way, and links in mails. What devices asked for is
/// forgotten. No one-time code up to
/// `totp_step` is accepted. Mail that waited when the backup was made was sent then: it is not sent again. Leases are nobody's.
pub async fn revoke(conn: &Conn<'_>, totp_step: i64, now: Timestamp) -> Result<Ended> {
    let at = now.millis();
    let raised = users::Entity::update_many().col_expr(users::Column::AuthEpoch, Expr::col(users::Column::AuthEpoch).add(EPOCHS));
    let people = raised.exec(conn).await?.rows_affected;
    let live = sessions::Entity::update_many().filter(sessions::Column::EndedAt.is_null());
    let sessions = live.col_expr(sessions::Column::EndedAt, Expr::value(at)).exec(conn).await?.rows_affected;
    let live = grants::Entity::update_many().filter(grants::Column::RevokedAt.is_null());
    let revoked =
        live.col_expr(grants::Column::RevokedAt, Expr::value(at)).col_expr(grants::Column::RevokedReason, Expr::value("restored"));
    let grants = revoked.exec(conn).await?.rows_affected;
    let older = totp_credentials::Entity::update_many().filter(totp_credentials::Column::LastStep.lt(totp_step));
    older.col_expr(totp_credentials::Column::LastStep, Expr::value(totp_step)).exec(conn).await?;
    let waiting = mails::Entity::delete_many().filter(mails::Column::State.eq("pending"));
    let mails = waiting.exec(conn).await?.rows_affected;
    device_authorizations::Entity::delete_many().exec(conn).await?;
    locks::Entity::delete_many().exec(conn).await?;
    Ok(Ended { people, sessions, grants, mails })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase, session, user};
    use super::super::{locks, sessions, users};
    use super::*;

    #[tokio::test]
    async fn sessions_end_epochs_rise_and_leases_are_free() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let ada = user("ada@example.org");
            let (person, open) = (ada.clone(), session(&ada, "secret"));
            let id = open.id;
            store
                .write(move |conn| {
                    let (person, open) = (person.clone(), open.clone());
                    Box::pin(async move {
                        users::insert(conn, &person).await?;
                        sessions::insert(conn, &open).await?;
                        locks::redeem(conn, "purge", "a", NOW, std::time::Duration::from_hours(1)).await
                    })
                })
                .await
                .unwrap();
            let ended = store.write(|conn| Box::pin(revoke(conn, 9, NOW))).await.unwrap();
            assert_eq!((ended.people, ended.sessions), (1, 1));
            let after = users::find_by_email(&store.read(), "ada@example.org").await.unwrap().unwrap();
            assert_eq!(after.auth_epoch, ada.auth_epoch + EPOCHS);
            let ended = sessions::find(&store.read(), id).await.unwrap().unwrap();
            assert_eq!(ended.ended_at, Some(NOW));
            let taken = store.write(|conn| Box::pin(locks::redeem(conn, "purge", "b", NOW, std::time::Duration::from_secs(1)))).await;
            assert!(taken.unwrap());
            let again = store.write(|conn| Box::pin(revoke(conn, 9, NOW))).await.unwrap();
            assert_eq!((again.people, again.sessions), (1, 0));
        }
    }
}
