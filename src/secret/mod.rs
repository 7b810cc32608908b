//! Secrets: random values, digests, constant-time comparison, values that never print, and sealing.
//!
//! Owns: every source of randomness, every digest of a bearer secret, the AEAD under the service's
//! key-encryption keys. Must not: know what the secrets are for beyond their [`Purpose`].

mod digest;
mod pepper;
mod random;
mod seal;
mod stream;
mod value;

pub use digest::{Digest, equal};
pub use pepper::Pepper;
pub use random::{id, numbered_id, random_bytes, random_id, random_token};
pub use seal::{KeyEncryptionKey, OpenError, Purpose, SealError, Sealer};
pub use stream::{CHUNK, STREAM_NONCE, StreamError, StreamOpener, StreamSealer, TAG};
pub use value::Secret;
