//! Errors for people: a page that says what happened and what to do next.

use axum::response::{IntoResponse, Response};

/// What went wrong, as far as a person needs to know. Decides the status and the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 400: the browser sent something no page of ours sends.
    BadRequest,
    /// 413.
    TooLarge,
    /// 429, with the seconds to wait.
    TooManyRequests { retry_after: u64 },
    /// 503, with the seconds to wait.
    Busy { retry_after: u64 },
    /// 500.
    Internal,
    /// 403: cross-site post, or a form whose token does not fit.
    Forbidden,
    /// 400: an application sent a request that cannot be answered by a redirect. For the developer: the OAuth error word, the parameter, the
    /// value received, the rule it broke, how it differs from what is registered, and the client's name.
    Application {
        error: &'static str,
        parameter: &'static str,
        received: Option<String>,
        rule: String,
        difference: Option<String>,
        client_name: Option<String>,
    },
    /// 400: the page timed out; `restart` is the link that restarts the same request (a path of ours), none: start at the application again.
    Expired { restart: Option<String> },
    /// 400: cookies do not come back.
    CookiesBlocked { restart: Option<String> },
}

/// An error that becomes a page. As a response it is bare: `web::page_error::layer` renders it in the visitor's language, with the request id.
#[derive(Clone, Debug)]
pub struct PageError {
    pub kind: ErrorKind,
    /// For the log, once.
    pub cause: Option<String>,
}

impl PageError {
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, cause: None }
    }

    #[must_use]
    pub fn because(kind: ErrorKind, cause: impl std::fmt::Display) -> Self {
        Self { kind, cause: Some(cause.to_string()) }
    }
}

impl From<crate::store::Error> for PageError {
    fn from(error: crate::store::Error) -> Self {
        let kind = match error {
            crate::store::Error::Unavailable(_) => ErrorKind::Busy { retry_after: 5 },
            _ => ErrorKind::Internal,
        };
        Self::because(kind, error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        todo!()
    }
}
