//! The JWKS document (RFC 7517 §5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::secret::Digest;

/// A rendered document.
pub(super) struct Jwks {
    pub(super) body: Bytes,
    /// A strong entity tag, in its quotes (RFC 9110 §8.8.3).
    pub(super) etag: String,
    /// From here on one of its keys is gone. `None`: it stays as it is.
    pub(super) stale_at: Option<Timestamp>,
}

/// Renders the public JWKs in the order given.
pub(super) fn render<'a>(keys: impl Iterator<Item = &'a Value>, stale_at: Option<Timestamp>) -> Jwks {
    let keys: Vec<&Value> = keys.collect();
    let body = Bytes::from(json!({ "keys": keys }).to_string());
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Digest::of(&body).as_bytes()));
    Jwks { body, etag, stale_at }
}
