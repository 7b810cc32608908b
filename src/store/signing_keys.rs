//! Signing keys, sealed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Conn, Result};
use crate::clock::Timestamp;

/// JWS algorithms we sign with (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// The default of OpenID Connect Core §15.1.
    #[default]
    RS256,
    PS256,
    ES256,
    EdDSA,
}

impl Algorithm {
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}

#[derive(Clone, Debug)]
pub struct SigningKey {
    pub id: Uuid,
    /// RFC 7638 thumbprint.
    pub kid: String,
    pub algorithm: Algorithm,
    /// The public JWK.
    pub public_jwk: String,
    /// The private key, PKCS #8 DER, sealed with the row id as context.
    pub sealed_private_key: Vec<u8>,
    pub created_at: Timestamp,
    /// Signs from here on. Before: `next`.
    pub active_at: Timestamp,
    /// Signs no more from here on: `retiring`. `None` while no successor is planned.
    pub retires_at: Option<Timestamp>,
    /// Gone from the JWKS from here on.
    pub expires_at: Option<Timestamp>,
}

pub async fn list(conn: &Conn<'_>) -> Result<Vec<SigningKey>> {
    todo!()
}

/// # Errors
/// `Conflict` when a key with this `kid` exists.
pub async fn insert(conn: &Conn<'_>, key: &SigningKey) -> Result<()> {
    todo!()
}

/// Replaces the times.
pub async fn update(conn: &Conn<'_>, key: &SigningKey) -> Result<()> {
    todo!()
}

/// Removes keys that expired before `before`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp) -> Result<u64> {
    todo!()
}
