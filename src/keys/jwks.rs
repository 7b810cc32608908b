//! The JWKS document (RFC 7517 §5).

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
    let digest = Digest::of(&body);
    let tag: String = digest.as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Jwks { body, etag: format!("\"{tag}\""), stale_at }
}
