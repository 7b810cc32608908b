//! What must be used once, or is no longer valid, although it is sealed or signed: one row until it would have expired anyway.

use super::{Conn, Result};
use crate::clock::Timestamp;

/// Kinds never mix: an entry of one kind means nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The one-time link that makes the first administrator.
    Setup,
    /// A revoked access token that has no grant (`client_credentials`), by `jti`.
    RevokedAccessToken,
}

/// Spends it. Whether this call was the first.
pub async fn redeem(conn: &Conn<'_>, kind: Kind, id: &str, expires_at: Timestamp) -> Result<bool> {
    todo!()
}

pub async fn find(conn: &Conn<'_>, kind: Kind, id: &str) -> Result<bool> {
    todo!()
}

/// Removes what expired before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    todo!()
}
