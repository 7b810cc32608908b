//! `/jwks` (RFC 7517 §5): the public keys.
//!
//! Served as `application/json` although RFC 7517 §8.5 registers `application/jwk-set+json`: strict relying parties accept the first
//! everywhere, the second only mostly.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::document;
use crate::app::App;

/// `GET /jwks`.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    let (body, etag) = app.keys.publish().await;
    document::answer(&headers, body, &etag, app.config.keys.jwks_max_age.0)
}
