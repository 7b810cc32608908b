//! What the forms have in common: the check before anything else, and the 303 after.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};

use super::step::Facts;
use crate::session::{AAL2, Current};
use crate::web::{ErrorKind, PageError};

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
#[must_use]
pub fn facts(current: &Current) -> Facts {
    let Current { session, user } = current;
    Facts {
        session_id: session.id,
        user_id: user.id,
        auth_time: session.auth_time,
        aal2: session.acr == AAL2,
        second_factor: session.second_factor_at.is_some(),
    }
}
