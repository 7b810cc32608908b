//! `[keys]`: key-encryption keys and signing keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::types::Span;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// Directory of the key-encryption keys (`*.kek`), and of signing keys brought along (`*.pem`). Made on first start, readable by this user alone.
    pub directory: PathBuf,
    /// How long a signing key is published before it signs.
    pub publish_before_use: Span,
    /// How long a signing key signs before the next one takes over.
    pub active_for: Span,
    /// How long a retired key stays published: longer than anything it signed is valid.
    pub retire_for: Span,
    /// How long relying parties may keep the JWKS (`Cache-Control: max-age`).
    pub jwks_max_age: Span,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("keys"),
            publish_before_use: Span::secs(24 * 3600),
            active_for: Span::secs(90 * 24 * 3600),
            retire_for: Span::secs(24 * 3600),
            jwks_max_age: Span::secs(600),
        }
    }
}
