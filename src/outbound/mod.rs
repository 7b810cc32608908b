//! Calls to the outside: one client with a guard against server-side request forgery.
//!
//! Owns: every outgoing HTTP call. The resolved address is checked and the connection pinned to it; no redirects, no proxies; answer and
//! time bounded; loopback, private, link-local and special-use ranges refused unless `outbound.allowed_networks` has them.
//! Must not: know why somebody is called.

use crate::config;

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("not a URL that may be called: {0}")]
    Url(String),
    /// The name resolves to addresses that may not be called.
    #[error("{host} resolves to an address that outbound.allowed_networks does not allow")]
    Forbidden { host: String },
    #[error("{0}")]
    Transport(String),
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {}

impl Outbound {
    /// # Errors
    /// When `extra_ca_file` cannot be read.
    pub fn new(config: &config::Outbound) -> Result<Self, String> {
        todo!()
    }

    /// Posts a form (`https`, or `http` to an allowed network) and answers the status.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<http::StatusCode, CallError> {
        todo!()
    }
}
