//! Logout tokens (OpenID Connect Back-Channel Logout §2.4).

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::keys::{KeyError, KeyRing};
use crate::store::clients::Client;

/// `typ` of Back-Channel Logout §2.4.
pub const TYP: &str = "logout+jwt";

/// Signs it with the client's ID-token algorithm: `iss sub aud iat exp jti events sid`, never `nonce`.
///
/// # Errors
/// When there is no key.
pub fn sign(keys: &KeyRing, config: &Config, client: &Client, user_id: Uuid, session_id: Uuid, now: Timestamp) -> Result<String, KeyError> {
    todo!()
}
