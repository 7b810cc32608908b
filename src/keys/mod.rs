//! Keys: the only room that knows josekit.
//!
//! Owns: the key ring (next → active → retiring → gone), signing and verifying our own tokens, the JWKS, key files.
//! Must not: know what is in a token beyond its header. RFC 7515, 7517, 7518, 7638, 8725.

mod directory;
mod ring;

pub use crate::store::signing_keys::Algorithm;
pub use directory::{KeyFileError, load_key_encryption_keys};
pub use ring::{KeyError, KeyInfo, KeyRing, KeyState, Signer, VerifyError};
