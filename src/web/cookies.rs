//! Cookies: `__Host-` ones over TLS; on plain http (development on localhost only) without prefix and `Secure`.

use std::time::Duration;

use axum::response::Response;
use http::HeaderValue;
use http::header::SET_COOKIE;

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
    /// A sign-in that waits for its second factor.
    PendingSignIn,
    /// A device on which the second factor need not be given at every sign-in.
    TrustedDevice,
    /// A device on which this person has signed in before.
    KnownDevice,
    /// Sealed: the link of a mail that was opened here, so that no URL has to carry it on.
    MailLink,
    /// "This wasn't me": the link that was opened here.
    NotMe,
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
            (Self::PendingSignIn, true) => "__Host-vestibule-pending-sign-in",
            (Self::PendingSignIn, false) => "vestibule-pending-sign-in",
            (Self::TrustedDevice, true) => "__Host-vestibule-trusted-device",
            (Self::TrustedDevice, false) => "vestibule-trusted-device",
            (Self::KnownDevice, true) => "__Host-vestibule-known-device",
            (Self::KnownDevice, false) => "vestibule-known-device",
            (Self::MailLink, true) => "__Host-vestibule-mail-link",
            (Self::MailLink, false) => "vestibule-mail-link",
            (Self::NotMe, true) => "__Host-vestibule-not-me",
            (Self::NotMe, false) => "vestibule-not-me",
        }
    }

    /// The `Set-Cookie` value: `HttpOnly; SameSite=Lax; Path=/`, no `Domain`. `max_age` none: until the browser closes.
    #[must_use]
    pub fn set(self, issuer: &Issuer, value: &str, max_age: Option<Duration>) -> HeaderValue {
        let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", self.name(issuer));
        if issuer.is_https() {
            text.push_str("; Secure");
        }
        if let Some(age) = max_age {
            text += "; Max-Age=";
            text += &age.as_secs().to_string();
        }
        // All values are our own base64url text; anything else is not sent, rather than read as an attribute.
        if value.bytes().all(is_cookie_octet)
            && let Ok(header) = HeaderValue::from_str(&text)
        {
            return header;
        }
        tracing::error!(cookie = self.name(issuer), "a cookie value that cannot be sent");
        self.remove(issuer)
    }

    /// The `Set-Cookie` value that removes it.
    #[must_use]
    pub fn remove(self, issuer: &Issuer) -> HeaderValue {
        self.set(issuer, "", Some(Duration::ZERO))
    }
}

/// Adds a cookie to an answer, when there is one to add.
#[must_use]
pub fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// RFC 6265 §4.1.1.
const fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_cookies_are_host_bound_and_secure() {
        let issuer: Issuer = "https://id.example.com".parse().unwrap();
        let set = Cookie::Session.set(&issuer, "abc", Some(Duration::from_mins(1)));
        assert_eq!(set, "__Host-vestibule-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60");
        assert_eq!(Cookie::Flow.remove(&issuer), "__Host-vestibule-flow=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
    }

    #[test]
    fn on_plain_http_they_carry_no_prefix_that_would_make_browsers_drop_them() {
        let set = Cookie::Language.set(&Issuer::development(8080), "es", None);
        assert_eq!(set, "vestibule-language=es; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn a_value_cannot_smuggle_attributes() {
        for value in ["a; Domain=example.com", "a\r\nSet-Cookie: x=y", "a b", "\u{e9}"] {
            let set = Cookie::Flow.set(&Issuer::development(8080), value, None);
            assert_eq!(set, "vestibule-flow=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", "{value}");
        }
    }
}
