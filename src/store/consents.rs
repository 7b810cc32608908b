//! What people have allowed which client.

use uuid::Uuid;

use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub user_id: Uuid,
    pub client_id: String,
    /// All scopes allowed so far, separated by spaces, sorted.
    pub scope: String,
    pub granted_at: Timestamp,
}

pub async fn find(conn: &Conn<'_>, user_id: Uuid, client_id: &str) -> Result<Option<Consent>> {
    todo!()
}

/// Inserts it or replaces the one there is for this user and client.
pub async fn update(conn: &Conn<'_>, consent: &Consent) -> Result<()> {
    todo!()
}

/// Whether there was one.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid, client_id: &str) -> Result<bool> {
    todo!()
}
