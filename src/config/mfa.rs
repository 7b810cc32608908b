//! `[mfa]`: second factors.

use serde::{Deserialize, Serialize};

use super::types::Span;

/// Whether one-time codes by e-mail may be a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailCodes {
    Off,
    /// Only for people who have no authenticator app or passkey.
    #[default]
    Fallback,
    /// Beside an authenticator app too, for those who switch it on.
    On,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mfa {
    /// One-time codes by e-mail as a second factor: `off`, `fallback` (only without an authenticator app or passkey) or `on`.
    pub email_code: EmailCodes,
    /// Everybody must have a second factor; who has none sets it up at the next sign-in.
    pub required: bool,
    /// For how long a device may be trusted not to ask for the second factor; `0s`: never.
    pub trusted_device_ttl: Span,
    /// Passkeys may be added, and used to sign in without a password. Where they may not, those that people have still count as their second factor. They
    /// belong to the host name of `server.public_url`: another name, and all of them are lost.
    pub passkeys: bool,
}

impl Default for Mfa {
    fn default() -> Self {
        Self { email_code: EmailCodes::default(), required: false, trusted_device_ttl: Span::secs(30 * 24 * 3600), passkeys: true }
    }
}
