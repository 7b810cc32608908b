//! Errors for clients (RFC 6749 §5.2, RFC 6750 §3.1).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::answer;
use crate::web::ParamsError;

/// The longest `error_description` we send.
const MAX_DESCRIPTION: usize = 200;
/// When to come back after the database was away.
const RETRY_AFTER: u64 = 5;

/// The error words, with one table of statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
    InvalidScope,
    AccessDenied,
    ServerError,
    TemporarilyUnavailable,
    /// RFC 6585 §4, in the words of RFC 6749.
    TooManyRequests,
    /// RFC 6750 §3.1.
    InvalidToken,
    InsufficientScope,
    /// OpenID Connect Core §3.1.2.6.
    LoginRequired,
    ConsentRequired,
    AccountSelectionRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
    /// RFC 8628 §3.5.
    AuthorizationPending,
    SlowDown,
    ExpiredToken,
    /// OpenID Connect Core Unmet Authentication Requirements 1.0 §2.
    UnmetAuthenticationRequirements,
}

impl Code {
    /// The value of `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable | Self::TooManyRequests => "temporarily_unavailable",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
        }
    }

    /// The status of a JSON answer. What only ever travels in a redirect is 400 here.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::InvalidRequest
            | Self::InvalidGrant
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType
            | Self::InvalidScope
            | Self::AccessDenied
            | Self::LoginRequired
            | Self::ConsentRequired
            | Self::AccountSelectionRequired
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported
            | Self::RegistrationNotSupported
            | Self::AuthorizationPending
            | Self::SlowDown
            | Self::ExpiredToken
            | Self::UnmetAuthenticationRequirements => StatusCode::BAD_REQUEST,
        }
    }
}

/// An OAuth error. `description` is public, at most 200 ASCII characters without `"` and `\`, and tells the integrator what to change.
#[derive(Clone, Debug)]
pub struct Error {
    pub code: Code,
    pub description: Cow<'static, str>,
    /// For the log, once.
    pub cause: Option<String>,
    pub retry_after: Option<u64>,
}

impl Error {
    #[must_use]
    pub fn new(code: Code, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: description.into(), cause: None, retry_after: None }
    }

    /// With what the log should know.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The description as it may leave the house (RFC 6749 §5.2): at most 200 characters of `%x20-21 / %x23-5B / %x5D-7E`, others
    /// replaced. Descriptions may quote what a client sent.
    #[must_use]
    pub fn public_description(&self) -> String {
        self.description
            .chars()
            .take(MAX_DESCRIPTION)
            .map(|c| match c {
                '"' => '\'',
                ' '..='~' if c != '\\' => c,
                _ => '?',
            })
            .collect()
    }

    /// Writes the cause to the log. Whoever turns the error into a response calls it, once.
    pub(super) fn log(&self) {
        let Some(cause) = &self.cause else { return };
        if self.code.status().is_server_error() {
            tracing::error!(error = self.code.as_str(), cause, "request failed");
        } else {
            tracing::info!(error = self.code.as_str(), cause, "request refused");
        }
    }
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        let mut answer = match error {
            crate::store::Error::Unavailable(_) => Self::new(Code::TemporarilyUnavailable, "try again in a few seconds"),
            _ => Self::new(Code::ServerError, "this is our fault; the request id in the response headers finds it in our log"),
        };
        if answer.code == Code::TemporarilyUnavailable {
            answer.retry_after = Some(RETRY_AFTER);
        }
        answer.because(error)
    }
}

impl From<crate::keys::KeyError> for Error {
    fn from(error: crate::keys::KeyError) -> Self {
        Self::new(Code::ServerError, "no signing key is ready; the request id in the response headers finds it in our log").because(error)
    }
}

impl From<ParamsError> for Error {
    fn from(error: ParamsError) -> Self {
        Self::new(Code::InvalidRequest, error.to_string())
    }
}

#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) error: &'static str,
    pub(super) error_description: &'a str,
}

/// JSON with `Cache-Control: no-store`.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let description = self.public_description();
        let mut response = answer::json(self.code.status(), &Body { error: self.code.as_str(), error_description: &description });
        let headers = response.headers_mut();
        // Every 401 has a challenge (RFC 9110 §15.5.2), also when the secret was in the body (RFC 6749 §5.2 demands it when it was in the header).
        if self.code == Code::InvalidClient {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"vestibule\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_keeps_to_the_characters_of_rfc_6749() {
        let error = Error::new(Code::InvalidRequest, format!("say \"no\" to \\ and \u{e9}\n{}", "x".repeat(300)));
        let public = error.public_description();
        assert!(public.starts_with("say 'no' to ? and ??x"));
        assert_eq!(public.len(), 200);
        assert!(public.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)));
    }

    #[test]
    fn errors_are_never_cached() {
        let response = Error::new(Code::InvalidGrant, "no").into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::PRAGMA], "no-cache");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn a_failed_client_authentication_is_challenged() {
        let response = Error::new(Code::InvalidClient, "no").into_response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Basic realm=\"vestibule\"");
    }

    #[test]
    fn a_database_that_is_away_says_when_to_come_back_and_nothing_else() {
        let response = Error::from(crate::store::Error::Unavailable("postgres://secret@db".to_owned()));
        assert!(!response.public_description().contains("postgres"));
        let response = response.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
    }
}
