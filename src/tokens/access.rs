//! Access tokens: JWTs of RFC 9068, signed ES256.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config::Issuer;
use crate::keys::{KeyError, KeyRing};

/// `typ` of RFC 9068 §2.1.
pub const TYP: &str = "at+jwt";

/// The claims (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    /// The user's id; for `client_credentials` the client's.
    pub sub: String,
    pub aud: String,
    pub client_id: String,
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// Ours: the grant whose life it shares. None for `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<Uuid>,
}

/// Signs it.
///
/// # Errors
/// When there is no key.
pub fn sign(keys: &KeyRing, claims: &AccessClaims) -> Result<String, KeyError> {
    todo!()
}

/// Checks signature, `typ`, `iss`, `exp` of tokens presented to us; a bounded cache from the token's digest spares the second signature check.
pub struct Verifier {}

impl Verifier {
    #[must_use]
    pub fn new(keys: KeyRing, issuer: &Issuer) -> Self {
        todo!()
    }

    /// `None`: not an access token of ours, or expired. Whether its grant is alive is the caller's to check.
    #[must_use]
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<std::sync::Arc<AccessClaims>> {
        todo!()
    }
}
