//! Who may see a page of My Account: somebody signed in, and for changes to the account's security somebody who has proved it a short while ago.
//!
//! A proof is fresh for `session.reauthentication_window`. Whoever comes later confirms it at `/account/confirm` and goes on by themselves.
//! OWASP ASVS 5 §7.5.1, NIST SP 800-63B-4 §5.2 (reauthentication).

mod page;
pub mod passkey;
mod second_factor;
mod then;

pub use page::{get, post};
pub use then::Then;

use axum::response::{IntoResponse, Redirect, Response};

use crate::app::App;
use crate::session::{self, Current};
use crate::store;
use crate::web::{PageError, Visit};

/// Why a handler of My Account does not answer with its own page.
#[derive(Debug)]
pub enum Detour {
    /// 303 to a path of ours.
    To(String),
    Error(PageError),
}

impl From<PageError> for Detour {
    fn from(error: PageError) -> Self {
        Self::Error(error)
    }
}

impl From<store::Error> for Detour {
    fn from(error: store::Error) -> Self {
        Self::Error(error.into())
    }
}

impl IntoResponse for Detour {
    fn into_response(self) -> Response {
        match self {
            Self::To(path) => Redirect::to(&path).into_response(),
            Self::Error(error) => error.into_response(),
        }
    }
}

/// The person signed in; notes that the session was used.
///
/// # Errors
/// To the login page, which leads back to `then`; the store's.
pub async fn signed_in(app: &App, visit: &Visit, then: Then) -> Result<Current, Detour> {
    let current = session::current(app, visit).await?.ok_or_else(|| Detour::To(then.login_path()))?;
    session::touch(app, &current.session).await?;
    Ok(current)
}

/// The person signed in, who has proved a short while ago that it is them.
///
/// # Errors
/// To the login page or to the confirmation, which both lead back to `then`; the store's.
pub async fn recently_proven(app: &App, visit: &Visit, then: Then) -> Result<Current, Detour> {
    let current = signed_in(app, visit, then).await?;
    if fresh(app, &current) { Ok(current) } else { Err(Detour::To(then.confirm_path())) }
}

/// Whether the last proof is young enough for a change to the account's security.
#[must_use]
pub fn fresh(app: &App, current: &Current) -> bool {
    app.now().since(current.session.auth_time) < app.config.session.reauthentication_window.0
}
