//! The outbox of back-channel logout.

use uuid::Uuid;

use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    Pending,
    Delivered,
    /// Given up.
    Failed,
}

#[derive(Clone, Debug)]
pub struct LogoutDelivery {
    pub id: Uuid,
    pub client_id: String,
    pub uri: String,
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub state: DeliveryState,
    pub attempts: i32,
    pub next_attempt_at: Timestamp,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
}

pub async fn insert(conn: &Conn<'_>, delivery: &LogoutDelivery) -> Result<()> {
    todo!()
}

/// Pending ones whose time has come, at most `limit`, oldest first.
pub async fn list_due(conn: &Conn<'_>, now: Timestamp, limit: u64) -> Result<Vec<LogoutDelivery>> {
    todo!()
}

/// Takes one for an attempt: `attempts + 1`, not due again before `lease_until`. Whether this call got it (another replica may have).
pub async fn redeem(conn: &Conn<'_>, id: Uuid, attempts_before: i32, lease_until: Timestamp) -> Result<bool> {
    todo!()
}

/// Notes how an attempt went.
pub async fn update(conn: &Conn<'_>, id: Uuid, state: DeliveryState, next_attempt_at: Timestamp, last_error: Option<&str>) -> Result<()> {
    todo!()
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<LogoutDelivery>> {
    todo!()
}

pub async fn list(conn: &Conn<'_>, limit: u64) -> Result<Vec<LogoutDelivery>> {
    todo!()
}

/// Removes finished ones created before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    todo!()
}
