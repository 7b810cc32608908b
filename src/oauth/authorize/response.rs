//! What `/authorize` answers that is no page of its own.

use axum::response::Response;

use crate::interaction::see_other;
use crate::interaction::step::Missing;
use crate::oauth::redirect_uri::VerifiedRedirect;
use crate::oauth::{Code, Error};
use crate::web::PageError;

/// A refusal. The second form cannot be built without a redirect URI that was proven.
#[derive(Debug)]
pub enum AuthorizeError {
    Page(PageError),
    Redirect { redirect: VerifiedRedirect, state: Option<String>, error: Error },
}

impl From<PageError> for AuthorizeError {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

impl AuthorizeError {
    /// The redirect with `error`, `error_description`, `state` and `iss` (RFC 6749 §4.1.2.1, RFC 9207 §2).
    ///
    /// # Errors
    /// The page.
    pub fn answer(self, issuer: &str) -> Result<Response, PageError> {
        match self {
            Self::Page(error) => Err(error),
            Self::Redirect { redirect, state, error } => {
                error.log();
                Ok(see_other(&redirect.error(error.code.as_str(), &error.public_description(), state.as_deref(), issuer)))
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
