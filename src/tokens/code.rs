//! Authorization codes: sealed, no row until they are redeemed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config;
use crate::secret::Sealer;

/// Everything a code stands for, checked when it is redeemed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// Becomes the grant's id.
    pub id: Uuid,
    pub client_id: String,
    /// As received, to be compared at the token endpoint (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub scope: String,
    pub code_challenge: Option<String>,
    pub nonce: Option<String>,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    pub acr: String,
    pub epoch: i64,
    pub issued_at: Timestamp,
}

/// Seals it for `authorization_code_ttl`.
#[must_use]
pub fn seal(sealer: &Sealer, config: &config::Tokens, code: &AuthorizationCode) -> String {
    todo!()
}

/// What a presented code is.
#[derive(Debug)]
pub enum Opened {
    Valid(AuthorizationCode),
    /// Ours, but its minute is over. (If it was redeemed before, this is a replay all the same.)
    Expired(AuthorizationCode),
    Invalid,
}

#[must_use]
pub fn open(sealer: &Sealer, code: &str, now: Timestamp) -> Opened {
    todo!()
}
