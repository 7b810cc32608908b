//! The flow cookie: what binds pages in progress and form tokens to one browser. Its value is random and says nothing. And the check of every
//! form that comes back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

use crate::app::App;
use crate::secret::{Digest, random_token};
use crate::web::cookies::Cookie;
use crate::web::{PageError, Params, Visit, csrf};

/// This browser's flow cookie value, made when there is none (then with the cookie to set).
#[must_use]
pub fn binding(app: &App, visit: &Visit) -> (String, Option<HeaderValue>) {
    if let Some(value) = cookie(app, visit) {
        return (value.to_owned(), None);
    }
    let value = random_token();
    let set_cookie = Cookie::Flow.set(&app.issuer, &value, None);
    (value, Some(set_cookie))
}

/// What is sealed in place of a flow cookie's value, to know the browser again.
#[must_use]
pub fn fingerprint(value: &str) -> String {
    URL_SAFE_NO_PAD.encode(Digest::of(value.as_bytes()).as_bytes())
}

/// The flow cookie, unless it is missing or no value of ours.
#[must_use]
pub fn cookie<'v>(app: &App, visit: &'v Visit) -> Option<&'v str> {
    let ours = |value: &&str| value.len() == 43 && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    visit.cookie(Cookie::Flow.name(&app.issuer)).filter(ours)
}

/// What a posted form is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    Ours,
    /// From our own page, but its token does not fit: cookies were cleared or replaced meanwhile. The person gets a fresh form.
    Stale,
}

/// Checks that the form was ours and meant for this browser.
///
/// # Errors
/// `Forbidden` when the browser says that another site sent it.
pub fn check(app: &App, visit: &Visit, form: &Params) -> Result<Trust, PageError> {
    match csrf::check(&app.sealer, &app.issuer, &visit.headers, cookie(app, visit), form) {
        Ok(()) => Ok(Trust::Ours),
        Err(csrf::Refusal::Token) => Ok(Trust::Stale),
        Err(refusal @ csrf::Refusal::CrossSite) => Err(refusal.into()),
    }
}
