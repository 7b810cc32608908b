//! Randomness, from the operating system.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::clock::Timestamp;

/// `N` bytes nobody can guess.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
#[must_use]
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "the one source of randomness; without it the process must not go on")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A bearer secret of 256 random bits, base64url without padding (43 characters).
#[must_use]
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// A time-ordered row id (UUIDv7, RFC 9562 §5.7).
#[must_use]
pub fn id(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random_bytes::<10>()).into_uuid()
}

/// An id that says nothing, not even when it was made (UUIDv4): what leaves the house as `sub`.
#[must_use]
pub fn random_id() -> Uuid {
    uuid::Builder::from_random_bytes(random_bytes::<16>()).into_uuid()
}
