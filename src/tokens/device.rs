//! The two codes of a device without a browser: the one it keeps, and the one a person types (RFC 8628 §3.2, §6.1).

use std::fmt;

use crate::secret::{Digest, Pepper, random_bytes, random_token};

/// So that scanners find leaked ones.
const PREFIX: &str = "vst_dc_";

/// Consonants without look-alikes and without words in them (RFC 8628 §6.1): 20⁸ codes, 34 bits.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Of a user code, without its dash.
const LENGTH: usize = 8;

/// Of what is read as a user code at all.
const MAX_TYPED: usize = 64;

/// A bearer secret of 256 bits, of which the store keeps a digest.
#[must_use]
pub fn random_device_code() -> String {
    format!("{PREFIX}{}", random_token())
}

/// The digest of a presented device code, if it looks like one of ours.
#[must_use]
pub fn digest_of_device_code(presented: &str) -> Option<Digest> {
    presented.starts_with(PREFIX).then(|| Digest::of(presented.as_bytes()))
}

/// What a person types. Shown as `WDJB-MJHT`.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    #[must_use]
    pub fn random() -> Self {
        let mut letters = Vec::with_capacity(LENGTH);
        while letters.len() < LENGTH {
            // A byte above the last multiple of twenty would favour the first letters.
            let even = random_bytes::<16>().into_iter().filter(|byte| *byte < 240);
            letters.extend(even.filter_map(|byte| LETTERS.get(usize::from(byte % 20)).copied()));
        }
        letters.truncate(LENGTH);
        Self(letters.try_into().unwrap_or([b'X'; LENGTH]))
    }

    /// What was typed, in whatever case, with or without dashes and spaces. `None`: no code of ours can be meant.
    #[must_use]
    pub fn read(typed: &str) -> Option<Self> {
        if typed.len() > MAX_TYPED {
            return None;
        }
        let letters: String = typed.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect();
        let letters: [u8; LENGTH] = letters.into_bytes().try_into().ok()?;
        letters.iter().all(|letter| LETTERS.contains(letter)).then_some(Self(letters))
    }

    /// What the store keeps: who reads the database alone cannot try all codes. `None` cannot happen.
    #[must_use]
    pub fn digest(&self, pepper: &Pepper) -> Option<Digest> {
        // The pepper has other uses: the label keeps them apart.
        let message: Vec<u8> = b"device user code:".iter().chain(&self.0).copied().collect();
        pepper.digest(&message)
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            let dash = if at == LENGTH / 2 { "-" } else { "" };
            write!(f, "{dash}{}", char::from(*letter))?;
        }
        Ok(())
    }
}

/// Not in logs: for its minutes it is a secret.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[user code]")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = UserCode::read("WDJB-MJHT").unwrap();
        assert_eq!(code.to_string(), "WDJB-MJHT");
        for typed in ["wdjbmjht", " wdjb mjht ", "WDJB–MJHT", "w.d.j.b.m.j.h.t", "WDJB\u{a0}MJHT\n"] {
            assert_eq!(UserCode::read(typed), Some(code.clone()), "{typed:?}");
        }
        for other in ["", "WDJB", "WDJB-MJHA", "WDJB-MJH7", "WDJB-MJHTT", "ŴDJB-MJHT", &format!("{}WDJBMJHT", " ".repeat(64))] {
            assert_eq!(UserCode::read(other), None, "{other:?}");
        }
        assert_eq!(format!("{code:?}"), "[user code]");
    }

    #[test]
    fn codes_use_every_letter_and_hardly_repeat() {
        let codes: BTreeSet<String> = (0..500).map(|_| UserCode::random().to_string()).collect();
        assert_eq!(codes.len(), 500);
        let letters: BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).filter(|c| *c != '-').collect();
        assert_eq!(letters.into_iter().collect::<String>().as_bytes(), LETTERS);
    }

    #[test]
    fn digests_are_under_the_pepper_and_device_codes_whole() {
        let (one, other) = (Pepper::new([1; 32]), Pepper::new([2; 32]));
        let code = UserCode::random();
        assert_eq!(code.digest(&one), code.digest(&one));
        assert_ne!(code.digest(&one), code.digest(&other));
        let device = random_device_code();
        assert_eq!(device.len(), PREFIX.len() + 43);
        assert_ne!(digest_of_device_code(&device), digest_of_device_code(&device[..device.len() - 1]));
        assert_eq!(digest_of_device_code("vst_ac_x"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_code_or_none(typed in any::<String>()) {
            if let Some(code) = UserCode::read(&typed) {
                prop_assert_eq!(UserCode::read(&code.to_string()), Some(code));
            }
        }
    }
}
