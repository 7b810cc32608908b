//! Grants: one row is the whole truth about one delegation.

use uuid::Uuid;

use super::sessions::Session;
use super::users::User;
use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug)]
pub struct Grant {
    /// The id of the authorization code it came from.
    pub id: Uuid,
    pub client_id: String,
    pub user_id: Uuid,
    pub session_id: Uuid,
    /// Separated by spaces.
    pub scope: String,
    /// Whether it outlives the session (`offline_access`).
    pub offline: bool,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    pub acr: String,
    /// The nonce of the authorization request.
    pub nonce: Option<String>,
    /// How often the refresh token was rotated: only a refresh token of this generation is current.
    pub generation: i64,
    pub rotated_at: Timestamp,
    /// The user's `auth_epoch` when it was made.
    pub epoch: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Dead since.
    pub revoked_at: Option<Timestamp>,
    /// Why: `replay`, `reuse`, `logout`, `revoked`, `failed_redemption`, ….
    pub revoked_reason: Option<String>,
}

/// A grant with everything its life depends on, from one read.
#[derive(Clone, Debug)]
pub struct GrantContext {
    pub grant: Grant,
    pub user: User,
    pub session: Option<Session>,
}

/// Who won a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// This call made the grant.
    Won,
    /// The code had been redeemed before.
    Replayed,
}

/// Inserts the grant under its code's id; the unique constraint decides the winner. A grant given with `revoked_at` set burns the code.
pub async fn redeem(conn: &Conn<'_>, grant: &Grant) -> Result<Redemption> {
    todo!()
}

/// `generation` → `generation + 1` if that is still the current one and the grant is alive, in one statement. Whether it was.
pub async fn rotate(conn: &Conn<'_>, id: Uuid, generation: i64, now: Timestamp) -> Result<bool> {
    todo!()
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<Grant>> {
    todo!()
}

/// The grant, its person and its session, whatever state they are in.
pub async fn find_context(conn: &Conn<'_>, id: Uuid) -> Result<Option<GrantContext>> {
    todo!()
}

/// Whether it was alive until now.
pub async fn revoke(conn: &Conn<'_>, id: Uuid, reason: &str, now: Timestamp) -> Result<bool> {
    todo!()
}

/// Ends every grant the session made without `offline_access`. How many.
pub async fn revoke_by_session(conn: &Conn<'_>, session_id: Uuid, reason: &str, now: Timestamp) -> Result<u64> {
    todo!()
}

/// Ends every grant of a person with one client.
pub async fn revoke_by_client(conn: &Conn<'_>, user_id: Uuid, client_id: &str, reason: &str, now: Timestamp) -> Result<u64> {
    todo!()
}

/// The clients that were signed in through a session (of live and dead grants alike).
pub async fn list_clients_of_session(conn: &Conn<'_>, session_id: Uuid) -> Result<Vec<String>> {
    todo!()
}

/// Grants whose time was over before `before`, at most `limit`. Spent codes are remembered at least until then.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    todo!()
}
