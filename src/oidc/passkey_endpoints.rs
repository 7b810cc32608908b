//! `/.well-known/passkey-endpoints` (W3C, "A Well-Known URL for Relying Party Passkey Endpoints"): where browsers and password managers send people to
//! add a passkey and to look after those they have.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::document;
use crate::app::App;
use crate::secret::Digest;

const MAX_AGE: Duration = Duration::from_hours(1);

/// The same for both: the page lists them, and adds one.
const PAGE: &str = "/account/authentication/passkeys";

/// `GET /.well-known/passkey-endpoints`: not there while passkeys are off.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    if !app.config.mfa.passkeys || app.issuer.domain().is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let url = app.issuer.url(PAGE);
    let body = json!({ "enroll": url, "manage": url }).to_string();
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Digest::of(body.as_bytes()).as_bytes()));
    document::answer(&headers, Bytes::from(body), &tag, MAX_AGE)
}
