//! `[tokens]`: how long what we issue is valid.

use serde::{Deserialize, Serialize};

use super::types::Span;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// Authorization code (10m at most, RFC 6749 §4.1.2).
    pub authorization_code_ttl: Span,
    /// Codes of a device without a browser (RFC 8628): how long a person has to answer, 1m to 30m.
    pub device_code_ttl: Span,
    /// Access token (a JWT, RFC 9068).
    pub access_token_ttl: Span,
    /// ID token: relying parties check it once, right after the code exchange.
    pub id_token_ttl: Span,
    /// A refresh token not used for this long is dead.
    pub refresh_token_idle: Span,
    /// A grant ends this long after the person signed in, however often it is refreshed.
    pub refresh_token_absolute: Span,
    /// For this long after a rotation the previous refresh token gets the same successor again, while that is unused: a lost answer is not a theft. 0s to 60s.
    pub refresh_token_grace: Span,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            authorization_code_ttl: Span::secs(60),
            device_code_ttl: Span::secs(600),
            access_token_ttl: Span::secs(300),
            id_token_ttl: Span::secs(300),
            refresh_token_idle: Span::secs(14 * 24 * 3600),
            refresh_token_absolute: Span::secs(90 * 24 * 3600),
            refresh_token_grace: Span::secs(10),
        }
    }
}
