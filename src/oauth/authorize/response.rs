//! What `/authorize` answers that is no page of its own.

use axum::response::Response;

use super::target::Target;
use crate::app::App;
use crate::interaction::step::Missing;
use crate::oauth::{Code, Error};
use crate::web::{PageError, Visit};

/// A refusal. The second form cannot be built without a redirect URI that was proven.
#[derive(Debug)]
pub(super) enum AuthorizeError {
    Page(PageError),
    Returned { target: Box<Target>, error: Error },
}

impl From<PageError> for AuthorizeError {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

impl AuthorizeError {
    /// What takes `error`, `error_description`, `state` and `iss` to the application (RFC 6749 §4.1.2.1, RFC 9207 §2), as it asked for.
    ///
    /// # Errors
    /// The page.
    pub(super) fn answer(self, app: &App, visit: &Visit) -> Result<Response, PageError> {
        match self {
            Self::Page(error) => Err(error),
            Self::Returned { target, error } => {
                error.log();
                Ok(target.error(app, visit, &error))
            }
        }
    }
}

/// OpenID Connect Core §3.1.2.6.
pub(super) fn missing(missing: Missing) -> Error {
    match missing {
        Missing::LoginRequired => Error::new(Code::LoginRequired, "the person is not signed in as this request asks"),
        Missing::ConsentRequired => Error::new(Code::ConsentRequired, "the person has not allowed this application what it asks for"),
        Missing::AccountSelectionRequired => Error::new(Code::AccountSelectionRequired, "the person must choose an account"),
    }
}
