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

/// The same, but those of one millisecond are in the order of `number`, of which the lowest 26 bits count (RFC 9562 §6.2, method 1).
#[must_use]
pub fn numbered_id(now: Timestamp, number: u32) -> Uuid {
    // Around the two bits of the variant: all of rand_a, and the first of rand_b.
    let places = (0xfff << 64) | (0x3fff << 48);
    let number = (u128::from((number >> 14) & 0xfff) << 64) | (u128::from(number & 0x3fff) << 48);
    Uuid::from_u128((id(now).as_u128() & !places) | number)
}

/// An id that says nothing, not even when it was made (UUIDv4): what leaves the house as `sub`.
#[must_use]
pub fn random_id() -> Uuid {
    uuid::Builder::from_random_bytes(random_bytes::<16>()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_ids_of_one_millisecond_are_in_order_and_still_uuids_of_version_7() {
        let now = Timestamp::from_secs(1_700_000_000);
        let numbers = [0, 1, 0x3fff, 0x4000, 0x4001, 0x3ff_ffff];
        let ids: Vec<Uuid> = numbers.iter().map(|number| numbered_id(now, *number)).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
        assert!(ids.iter().all(|id| id.as_u128() >> 80 == ids[0].as_u128() >> 80), "the time is the same");
        assert!(numbered_id(Timestamp::from_secs(1_700_000_001), 0) > ids[5], "time comes first");
        assert_ne!(numbered_id(now, 7), numbered_id(now, 7), "two processes at the same number");
    }
}
