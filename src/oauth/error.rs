//! Errors for clients (RFC 6749 §5.2, RFC 6750 §3.1).

use axum::response::{IntoResponse, Response};

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
    /// RFC 6750 §3.1.
    InvalidToken,
    InsufficientScope,
    /// OpenID Connect Core §3.1.2.6.
    LoginRequired,
    ConsentRequired,
    AccountSelectionRequired,
    InteractionRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
    UnsupportedTokenType,
}

/// An OAuth error. `description` is public, at most 200 ASCII characters without `"` and `\`, and tells the integrator what to change.
#[derive(Clone, Debug)]
pub struct Error {
    pub code: Code,
    pub description: std::borrow::Cow<'static, str>,
    /// For the log, once.
    pub cause: Option<String>,
    /// `WWW-Authenticate: Basic` is due: the client tried HTTP authentication (RFC 6749 §5.2).
    pub basic_challenge: bool,
    pub retry_after: Option<u64>,
}

impl Error {
    #[must_use]
    pub fn new(code: Code, description: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { code, description: description.into(), cause: None, basic_challenge: false, retry_after: None }
    }
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        todo!()
    }
}

impl From<crate::keys::KeyError> for Error {
    fn from(error: crate::keys::KeyError) -> Self {
        todo!()
    }
}

/// JSON with `Cache-Control: no-store`.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        todo!()
    }
}
