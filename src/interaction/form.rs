//! What the forms have in common: the check before anything else, and the 303 after.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};

use super::step::Facts;
use crate::app::App;
use crate::session::{Current, browser};
use crate::web::{ErrorKind, PageError, Params, Visit, csrf};

/// What a posted form is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Ours,
    /// From our own page, but its token does not fit: cookies were cleared or replaced meanwhile. The person gets a fresh form.
    Stale,
}

/// Checks that the form was ours and meant for this browser.
///
/// # Errors
/// `Forbidden` when the browser says that another site sent it.
pub(super) fn check(app: &App, visit: &Visit, form: &Params) -> Result<Trust, PageError> {
    match csrf::check(&app.sealer, &app.issuer, &visit.headers, browser::cookie(app, visit), form) {
        Ok(()) => Ok(Trust::Ours),
        Err(csrf::Refusal::Token) => Ok(Trust::Stale),
        Err(refusal @ csrf::Refusal::CrossSite) => Err(refusal.into()),
    }
}

/// A form that is no urlencoded form, or has a field twice: no page of ours sends that.
pub(super) fn unreadable(error: impl std::fmt::Display) -> PageError {
    PageError::because(ErrorKind::BadRequest, error)
}

/// 303 to a path of ours or to a redirect URI that was verified; never 307, which would send a password along (RFC 9700 §4.12).
#[must_use]
pub fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(location) else {
        return PageError::because(ErrorKind::Internal, "a location with control characters").into_response();
    };
    (StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
}

/// What the step function wants to know of a session.
pub(super) const fn facts(current: &Current) -> Facts {
    Facts { session_id: current.session.id, user_id: current.user.id, auth_time: current.session.auth_time }
}
