//! ID tokens (OpenID Connect Core §2), made of `openidconnect`'s types and signed by our own keys.

use crate::clock::Timestamp;
use crate::config::Config;
use crate::keys::{KeyError, KeyRing};
use crate::store::clients::Client;
use crate::store::users::User;
use crate::tokens::Scope;
use uuid::Uuid;

/// What an ID token says.
#[derive(Debug)]
pub struct IdTokenContent<'a> {
    pub client: &'a Client,
    pub user: &'a User,
    pub scope: &'a Scope,
    pub session_id: Uuid,
    pub nonce: Option<&'a str>,
    pub auth_time: Timestamp,
    pub acr: &'a str,
    pub amr: &'a [String],
    /// For `at_hash`.
    pub access_token: &'a str,
}

/// Signs it with the client's `id_token_signed_response_alg`.
///
/// # Errors
/// When there is no key.
pub fn sign(keys: &KeyRing, config: &Config, content: &IdTokenContent<'_>, now: Timestamp) -> Result<String, KeyError> {
    todo!()
}

/// An ID token given back to us as `id_token_hint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub user_id: Uuid,
    pub client_id: String,
    pub session_id: Option<Uuid>,
}

/// `None` unless we signed it; an expired one is fine (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2).
#[must_use]
pub fn open_hint(keys: &KeyRing, config: &Config, token: &str) -> Option<Hint> {
    todo!()
}
