//! Credentials have changed: everything that was made with the old ones ends, but for the session in which it was done.

use uuid::Uuid;

use super::end::{end_within, ended};
use crate::audit::{Kind, Origin};
use crate::clock::Timestamp;
use crate::store::users::User;
use crate::store::{self, Conn, sessions, users};

/// Inside the transaction of the change: raises the person's epoch, ends all their sessions but `kept`, and takes that one into the new epoch. What
/// applications were granted before is dead by its epoch; through the session that goes on they get it again. The new epoch; `None`, and nothing done, when the credentials are no longer those that
/// `user` was read with. The delivery job finds what is to be told by itself within seconds.
///
/// # Errors
/// The store's.
pub async fn end_others_within(
    conn: &Conn<'_>,
    user: &User,
    kept: Option<Uuid>,
    reason: &str,
    now: Timestamp,
) -> store::Result<Option<i64>> {
    let Some(epoch) = users::update_epoch_seen(conn, user.id, user.auth_epoch, now).await? else { return Ok(None) };
    for session in sessions::list_live_by_user(conn, user.id, now).await? {
        if kept != Some(session.id) {
            let event = ended(Kind::SessionEnded, &session, &Origin::default()).detail("reason", reason);
            end_within(conn, &session, &event, now).await?;
        }
    }
    if let Some(kept) = kept {
        sessions::update_epoch(conn, kept, epoch).await?;
    }
    Ok(Some(epoch))
}
