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
use crate::clock::Timestamp;
use crate::session::{self, AAL2, Current, Factors};
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

/// The person signed in, who has proved a short while ago that it is them, with all they have: a password that somebody else learned, a browser that was
/// left open and a device that is trusted must not change how an account is signed in to, take it away, or copy it (OWASP ASVS 5 §7.5.1, §7.5.3).
///
/// # Errors
/// To the login page, to the confirmation or to the second factor, which all lead back to `then`; the store's.
pub async fn proven(app: &App, visit: &Visit, then: Then) -> Result<(Current, Factors), Detour> {
    let current = signed_in(app, visit, then).await?;
    let factors = session::factors(&app.store.read(), &app.config, current.user.id).await?;
    match missing(app, &current, &factors) {
        None => Ok((current, factors)),
        Some(Missing::Password) => Err(Detour::To(then.confirm_path())),
        Some(Missing::Code) => Err(Detour::To(then.code_path())),
    }
}

/// What has to be proved again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// And after it the second factor, where that is too old as well.
    Password,
    /// Of the authenticator app, or a passkey.
    Code,
}

/// Whether the last proofs are young enough for a change to the account's security.
pub(super) fn missing(app: &App, current: &Current, factors: &Factors) -> Option<Missing> {
    let session = &current.session;
    // Beside an app or a passkey a code by mail changes nothing: whoever reads somebody's mail must not replace what they hold in their hand.
    let counts = session.acr == AAL2 || !factors.has_codes();
    let has_second = counts && session.second_factor_at.is_some_and(|at| is_young(app, at));
    // A code by mail is sent to somebody who has just given the password, never to whoever sits at this browser.
    if !is_young(app, session.auth_time) || (factors.email_alone() && !has_second) {
        return Some(Missing::Password);
    }
    (factors.has_codes() && !has_second).then_some(Missing::Code)
}

/// Whether a proof of then still counts.
pub(super) fn is_young(app: &App, at: Timestamp) -> bool {
    app.now().is_within(app.config.session.reauthentication_window.0, at)
}
