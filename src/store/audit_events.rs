//! Security events, append-only. Written through `audit` alone.

use uuid::Uuid;

use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug)]
pub struct AuditEvent {
    pub id: Uuid,
    pub at: Timestamp,
    /// `sign_in.succeeded`, `grant.created`, ….
    pub kind: String,
    pub user_id: Option<Uuid>,
    pub client_id: Option<String>,
    pub session_id: Option<Uuid>,
    pub grant_id: Option<Uuid>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// A JSON object.
    pub detail: String,
}

pub async fn insert(conn: &Conn<'_>, event: &AuditEvent) -> Result<()> {
    todo!()
}

/// The newest `limit`, newest first.
pub async fn list(conn: &Conn<'_>, limit: u64) -> Result<Vec<AuditEvent>> {
    todo!()
}
