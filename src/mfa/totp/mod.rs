//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, thirty seconds, because every app knows these and some know nothing else.

mod qr;
mod uri;

pub use qr::{QrCode, draw};
pub use uri::uri;

use totp_rs::{Algorithm, Builder, Totp};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::SixDigits;
use crate::clock::Timestamp;
use crate::secret::{Purpose, Sealer, equal, random_bytes};

/// Seconds in a time step (RFC 6238 §5.2).
pub const STEP: u64 = 30;

/// Steps before and after the present one whose codes are accepted: a clock that is off by half a minute, and typing (RFC 6238 §5.2, §6).
const ACCEPTED: i64 = 1;

/// Steps before and after the present one in which a clock that is wrong is recognised.
const RECOGNISED: i64 = 10;

/// Of a new secret: 160 bits, the size of the hash (RFC 4226 §4 R6).
const BYTES: usize = 20;

/// Of secrets that were made elsewhere: 80 bits were common once.
const IMPORTED: std::ops::RangeInclusive<usize> = 10..=64;

/// What an authenticator app and we share.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// What a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Of this step; whether it is the first to be accepted of it, the store decides.
    Right {
        step: i64,
    },
    /// It was right once. The next one comes in so many seconds.
    Used {
        seconds: u64,
    },
    /// It would be right at another time: the app's clock is off by so many steps, behind when negative.
    Drifting {
        steps: i64,
    },
    Wrong,
}

impl TotpSecret {
    #[must_use]
    pub fn random() -> Self {
        Self(Zeroizing::new(random_bytes::<BYTES>().to_vec()))
    }

    /// One that was made elsewhere, in base32 with or without spaces and padding, in any case.
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        let text: Zeroizing<String> = Zeroizing::new(
            text.chars().filter(|c| !super::digits::is_separator(*c) && *c != '=').map(|c| c.to_ascii_uppercase()).collect(),
        );
        let secret = totp_rs::Secret::try_from_base32(text.as_str()).ok()?;
        IMPORTED.contains(&secret.as_bytes().len()).then(|| Self(Zeroizing::new(secret.as_bytes().to_vec())))
    }

    /// As apps take it: base32 without padding (RFC 4648 §6).
    #[must_use]
    pub fn base32(&self) -> String {
        base32(&self.0)
    }

    /// For reading and typing: in groups of four.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        groups_of_four(&self.base32())
    }

    /// For the store: sealed, bound to its person.
    #[must_use]
    pub fn seal(&self, sealer: &Sealer, user_id: Uuid) -> Vec<u8> {
        sealer.seal_bytes(Purpose::TotpSecret, user_id.as_bytes(), &self.0)
    }

    /// From the store. `None`: it is somebody else's, was changed, or was sealed under a key we do not have.
    #[must_use]
    pub fn open(sealer: &Sealer, user_id: Uuid, stored: &[u8]) -> Option<Self> {
        let bytes = sealer.open_bytes(Purpose::TotpSecret, user_id.as_bytes(), stored)?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// What a code is at a time, when a code of `last_step` was the last to be accepted. Takes the same time for every code.
    #[must_use]
    pub fn check(&self, code: &SixDigits, now: Timestamp, last_step: i64) -> Check {
        let (totp, present) = (self.totp(), step_at(now));
        let fits = |steps: i64| equal(totp_code(&totp, present.saturating_add(steps)).as_bytes(), code.as_str().as_bytes());
        let fitting: Vec<i64> = (-RECOGNISED..=RECOGNISED).filter(|steps| fits(*steps)).collect();
        let is_unused = |steps: &i64| present.saturating_add(*steps) > last_step;
        let unused: Vec<i64> = fitting.iter().copied().filter(is_unused).collect();
        match (unused.iter().find(|steps| steps.abs() <= ACCEPTED), unused.first(), fitting.first()) {
            (Some(steps), ..) => Check::Right { step: present.saturating_add(*steps) },
            (None, Some(steps), _) => Check::Drifting { steps: *steps },
            (None, None, Some(_)) => Check::Used { seconds: seconds_left(now) },
            (None, None, None) => Check::Wrong,
        }
    }

    /// The code of a step.
    #[must_use]
    pub fn code_of(&self, step: i64) -> String {
        totp_code(&self.totp(), step)
    }

    /// Secrets made elsewhere may be shorter than RFC 4226 recommends, so the crate is not asked for its opinion of them.
    fn totp(&self) -> Totp {
        let secret = totp_rs::Secret::new(self.0.as_slice().into());
        Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(STEP).with_secret(secret).build_noncompliant()
    }
}

fn totp_code(totp: &Totp, step: i64) -> String {
    totp.generate(u64::try_from(step).unwrap_or(0).saturating_mul(STEP)).to_string()
}

/// The time step of a moment.
#[must_use]
pub const fn step_at(now: Timestamp) -> i64 {
    now.secs().div_euclid(STEP.cast_signed())
}

/// Until the next step begins.
pub(super) fn seconds_left(now: Timestamp) -> u64 {
    STEP.saturating_sub(now.secs().rem_euclid(STEP.cast_signed()).unsigned_abs())
}

/// RFC 4648 §6, without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    totp_rs::Secret::new(bytes.into()).to_base32()
}

/// A text in groups of four characters.
pub(super) fn groups_of_four(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::KeyEncryptionKey;

    fn secret() -> TotpSecret {
        // RFC 6238 appendix B: "12345678901234567890".
        TotpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn code(text: &str) -> SixDigits {
        SixDigits::parse(text).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        for (time, expected) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            assert_eq!(secret().code_of(step_at(at(time))), expected);
            assert_eq!(secret().check(&code(expected), at(time), 0), Check::Right { step: step_at(at(time)) });
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_recognised_ten() {
        let now = at(1_800_000_000);
        let step = step_at(now);
        for steps in -1..=1 {
            assert_eq!(secret().check(&code(&secret().code_of(step + steps)), now, 0), Check::Right { step: step + steps });
        }
        for steps in [-10, -2, 2, 10] {
            assert_eq!(secret().check(&code(&secret().code_of(step + steps)), now, 0), Check::Drifting { steps });
        }
        assert_eq!(secret().check(&code(&secret().code_of(step + 11)), now, 0), Check::Wrong);
    }

    #[test]
    fn a_code_that_was_used_is_known_as_such_with_the_seconds_to_wait() {
        let now = at(1_800_000_010);
        let step = step_at(now);
        let used = |steps| secret().check(&code(&secret().code_of(step + steps)), now, step);
        assert_eq!(used(0), Check::Used { seconds: 20 });
        assert_eq!(used(-1), Check::Used { seconds: 20 });
        assert_eq!(used(1), Check::Right { step: step + 1 });
    }

    #[test]
    fn near_the_beginning_of_time_nothing_overflows() {
        assert_eq!(secret().check(&code("123456"), at(0), i64::MIN), Check::Wrong);
        assert_eq!(secret().check(&code("123456"), Timestamp::from_millis(i64::MAX), 0), Check::Wrong);
    }

    #[test]
    fn a_secret_is_sealed_for_its_person_alone() {
        let sealer = Sealer::new(&[KeyEncryptionKey::new([7; 32])]).unwrap();
        let (ada, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let stored = secret().seal(&sealer, ada);
        assert_eq!(TotpSecret::open(&sealer, ada, &stored).unwrap().base32(), secret().base32());
        assert!(TotpSecret::open(&sealer, bob, &stored).is_none());
        assert!(!stored.windows(4).any(|window| window == b"1234"));
    }

    #[test]
    fn a_new_secret_has_160_bits_and_eight_groups_and_shows_nothing_of_itself() {
        let new = TotpSecret::random();
        assert_eq!((new.base32().len(), new.groups().len()), (32, 8));
        assert_ne!(new.base32(), TotpSecret::random().base32());
        assert_eq!(format!("{new:?}"), "[secret]");
        assert_eq!(TotpSecret::from_base32(&new.groups().join(" ").to_lowercase()).unwrap().base32(), new.base32());
        for text in ["", "GEZD", "not base32!", &"A".repeat(200)] {
            assert!(TotpSecret::from_base32(text).is_none(), "{text}");
        }
    }
}
