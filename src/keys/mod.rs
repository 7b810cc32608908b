//! Keys: the only room that knows josekit.
//!
//! Owns: the key ring (next → active → retiring → gone), signing and verifying our own tokens, the JWKS, key files; reading public keys of clients and
//! verifying with them.
//! Must not: know what is in a token beyond its header, or write audit events (a [`Witness`] does,
//! in the transaction of the act).
//! RFC 7515, 7517, 7518, 7638, 8037, 8725. `keys/README.md` at the top of the repository tells operators the same story.

mod client_keys;
mod directory;
mod file;
mod import;
mod jwks;
mod key_check;
mod library;
mod material;
mod pepper;
mod public;
mod public_jwk;
mod rewrap;
mod ring;
mod rotation;
mod set;
mod signed_assertion;
mod signer;
mod thumbprint;
mod upkeep;
mod verify;
mod witness;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod testing_clients;

pub use crate::store::signing_keys::Algorithm;
pub use client_keys::{AssertionFailure, ClientKeys, KeySetProblem, MAX_KEY_SET, NobodysKeys, ReadKeys};
pub use directory::{KeyFileError, load_key_encryption_keys, new_key_encryption_key};
pub use key_check::{belongs, check as check_key_encryption_key, check_start};
pub use pepper::load as load_pepper;
pub use public::PublicKeys;
pub use rewrap::{Rewrapped, Usage, rewrap, usage};
pub use ring::{KeyError, KeyRing};
pub use set::{KeyInfo, KeyState, list};
pub use signed_assertion::{AssertionProblem, SignedAssertion};
pub use signer::Signer;
pub use verify::VerifyError;
pub use witness::{Change, Witness};

#[cfg(test)]
use set::KeySet;
