//! Who is told what became of keys, in the transaction in which it happened.

use crate::clock::Timestamp;
use crate::store::signing_keys::Algorithm;
use crate::store::{self, BoxFuture, Conn};

/// What became of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A signing key was made or taken in.
    Created { kid: String, algorithm: Algorithm },
    /// Somebody asked for new signing keys; each of them was `Created` too.
    Rotated { kids: Vec<String>, immediately: bool },
    /// A signing key was ended by hand.
    Revoked { kid: String },
    /// Values at rest were sealed again under another key-encryption key.
    Rewrapped { what: &'static str, rows: u64, key: String },
}

/// Records what became of keys: this room does not know how. What cannot be recorded does not happen.
pub trait Witness: Send + Sync {
    /// Called in the transaction of the act, which may run more than once.
    fn record<'c>(&'c self, conn: &'c Conn<'c>, change: Change, now: Timestamp) -> BoxFuture<'c, store::Result<()>>;
}
