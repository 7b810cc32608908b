//! Cookies: `__Host-` ones over TLS; on plain http (development on localhost only) without prefix and `Secure`.

use std::time::Duration;

use http::HeaderValue;

use crate::config::Issuer;

/// The cookies we set. Their values are opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The single sign-on session.
    Session,
    /// Binds pages in progress to this browser.
    Flow,
    /// Sealed: who has signed in with this browser.
    Accounts,
    /// The language picked.
    Language,
}

impl Cookie {
    #[must_use]
    pub fn name(self, issuer: &Issuer) -> &'static str {
        match (self, issuer.is_https()) {
            (Self::Session, true) => "__Host-vestibule-session",
            (Self::Session, false) => "vestibule-session",
            (Self::Flow, true) => "__Host-vestibule-flow",
            (Self::Flow, false) => "vestibule-flow",
            (Self::Accounts, true) => "__Host-vestibule-accounts",
            (Self::Accounts, false) => "vestibule-accounts",
            (Self::Language, true) => "__Host-vestibule-language",
            (Self::Language, false) => "vestibule-language",
        }
    }

    /// The `Set-Cookie` value: `HttpOnly; SameSite=Lax; Path=/`, no `Domain`. `max_age` none: until the browser closes.
    #[must_use]
    pub fn set(self, issuer: &Issuer, value: &str, max_age: Option<Duration>) -> HeaderValue {
        todo!()
    }

    /// The `Set-Cookie` value that removes it.
    #[must_use]
    pub fn remove(self, issuer: &Issuer) -> HeaderValue {
        todo!()
    }
}
