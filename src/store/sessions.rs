//! Browser sessions.

use std::time::Duration;

use uuid::Uuid;

use super::users::User;
use super::{Conn, Result};
use crate::clock::Timestamp;
use crate::secret::Digest;

#[derive(Clone, Debug)]
pub struct Session {
    /// What leaves the house as `sid`.
    pub id: Uuid,
    pub user_id: Uuid,
    /// Of the cookie's value.
    pub digest: Digest,
    pub created_at: Timestamp,
    /// When the person last proved who they are.
    pub auth_time: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    /// RFC 8176 names.
    pub amr: Vec<String>,
    pub acr: String,
    /// The user's `auth_epoch` when it was made.
    pub epoch: i64,
    pub ended_at: Option<Timestamp>,
}

pub async fn insert(conn: &Conn<'_>, session: &Session) -> Result<()> {
    todo!()
}

/// The live session behind a cookie and its person, in one read: not ended, neither idle nor expired, the person enabled, the epoch theirs.
pub async fn find_live(conn: &Conn<'_>, digest: &Digest, now: Timestamp, idle: Duration) -> Result<Option<(Session, User)>> {
    todo!()
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<Session>> {
    todo!()
}

/// Notes that the session was used.
pub async fn update_last_seen(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    todo!()
}

/// A sign-in again: replaces digest, `auth_time`, `last_seen_at`, `expires_at`, `amr`, `acr` and epoch of the session with this id and person,
/// unless it has ended. Whether it was still going.
pub async fn renew(conn: &Conn<'_>, session: &Session) -> Result<bool> {
    todo!()
}

/// Ends it. Whether it was still going.
pub async fn revoke(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<bool> {
    todo!()
}

/// Sessions nobody can use any more, at most `limit`. How many went.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    todo!()
}
