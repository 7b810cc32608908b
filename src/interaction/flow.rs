//! An authorization request on its way through the pages: sealed, bound to the browser's flow cookie, no row.

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::web::{PageError, Visit};

/// The name of the query parameter and form field that carries it.
pub const PARAM: &str = "i";

/// What the pages know about the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// The authorization request as it came, urlencoded. Checked again, whole, at every resume.
    pub request: String,
    pub client_id: String,
    pub requested_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
    /// The session the person chose on the account page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Uuid>,
    /// The person asked for another account: the live session is not an answer.
    #[serde(default)]
    pub another_account: bool,
}

/// A flow with the binding to its browser.
#[derive(Serialize, Deserialize)]
struct Bound {
    #[serde(flatten)]
    flow: Flow,
    /// Digest of the flow cookie's value.
    browser: String,
}

/// A sealed flow, ready for a URL, and the cookie to set when the browser had none.
#[derive(Debug)]
pub struct Sealed {
    pub value: String,
    pub set_cookie: Option<HeaderValue>,
}

/// This browser's flow cookie value, made when there is none (then with the cookie to set).
#[must_use]
pub fn browser_binding(app: &App, visit: &Visit) -> (String, Option<HeaderValue>) {
    todo!()
}

/// Seals it for `session.flow_ttl` from `requested_at`… from now, bound to this browser.
#[must_use]
pub fn seal(app: &App, visit: &Visit, flow: &Flow) -> Sealed {
    todo!()
}

/// Opens one.
///
/// # Errors
/// `Expired` with a restart link when its time is over, or when the browser's cookie is not the one it was bound to (cleared cookies,
/// another browser): the link starts the same request afresh. `BadRequest` when it is no flow of ours.
pub fn open(app: &App, visit: &Visit, sealed: Option<&str>) -> Result<Flow, PageError> {
    todo!()
}

/// The path that continues this flow.
#[must_use]
pub fn resume_path(sealed: &str) -> String {
    format!("/authorize/resume?{PARAM}={sealed}")
}
