//! The flow cookie: what binds pages in progress and form tokens to one browser. Its value is random and says nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

use crate::app::App;
use crate::secret::{Digest, random_token};
use crate::web::Visit;
use crate::web::cookies::Cookie;

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
