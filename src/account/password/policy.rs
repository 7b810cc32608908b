//! What is accepted as a password, and the one form it is hashed in.

use unicode_normalization::UnicodeNormalization as _;

use crate::config;
use crate::secret::Secret;

/// Longer ones are refused before any work on them (OWASP ASVS 5 §6.2.9 asks for at least 64 characters, and for no truncation).
const MAX_BYTES: usize = 512;
const MAX_CODE_POINTS: usize = 128;

/// UTF-8 grows at most threefold under NFC (Unicode Standard Annex #15).
const NFC_GROWTH: usize = 3;

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    #[error("at least {min} characters, not {typed}")]
    TooShort { min: usize, typed: usize },
    #[error("at most 128 characters")]
    TooLong,
    #[error("must not contain a NUL character")]
    Nul,
}

/// Whether a new password is acceptable: its length counts in code points after normalisation (NIST SP 800-63B-4 §3.1.1.2).
///
/// # Errors
/// Why not.
pub fn check_new(password: &str, config: &config::Password) -> Result<(), Unacceptable> {
    let typed = normalize(password)?.expose().chars().count();
    if typed < config.min_length {
        return Err(Unacceptable::TooShort { min: config.min_length, typed });
    }
    Ok(())
}

/// The form that is hashed: NFC, so that the same characters typed on another keyboard are the same password.
///
/// # Errors
/// `TooLong` or `Nul`.
pub(super) fn normalize(password: &str) -> Result<Secret<String>, Unacceptable> {
    if password.len() > MAX_BYTES || password.chars().count() > MAX_CODE_POINTS {
        return Err(Unacceptable::TooLong);
    }
    if password.contains('\0') {
        return Err(Unacceptable::Nul);
    }
    // Room for the longest outcome from the start: a string that grows leaves copies behind that nobody wipes.
    let mut normalized = String::with_capacity(password.len().saturating_mul(NFC_GROWTH));
    normalized.extend(password.nfc());
    Ok(Secret::new(normalized))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config() -> config::Password {
        config::Password::default()
    }

    #[test]
    fn fifteen_characters_are_enough_in_any_script() {
        assert_eq!(check_new("fourteen chars", &config()), Err(Unacceptable::TooShort { min: 15, typed: 14 }));
        assert_eq!(check_new("fifteen charact", &config()), Ok(()));
        assert_eq!(check_new(&"ключ".repeat(4), &config()), Ok(()));
        assert_eq!(check_new(&"🔑".repeat(15), &config()), Ok(()));
        assert_eq!(check_new(&" ".repeat(15), &config()), Ok(()));
    }

    #[test]
    fn combining_marks_do_not_make_a_password_longer() {
        assert_eq!(check_new(&"e\u{301}".repeat(14), &config()), Err(Unacceptable::TooShort { min: 15, typed: 14 }));
    }

    #[test]
    fn too_long_is_refused_by_code_points_and_by_bytes() {
        assert_eq!(check_new(&"a".repeat(128), &config()), Ok(()));
        assert_eq!(check_new(&"a".repeat(129), &config()), Err(Unacceptable::TooLong));
        assert_eq!(check_new(&"🔑".repeat(128), &config()), Ok(()));
        assert_eq!(check_new(&"a".repeat(1_000_000), &config()), Err(Unacceptable::TooLong));
    }

    #[test]
    fn nul_is_refused() {
        assert_eq!(check_new("fifteen\0characters", &config()), Err(Unacceptable::Nul));
    }

    #[test]
    fn composed_and_decomposed_are_the_same_password() {
        assert_eq!(normalize("caf\u{e9}").unwrap().expose(), normalize("cafe\u{301}").unwrap().expose());
    }

    proptest! {
        #[test]
        fn normalisation_never_outgrows_its_room(text in "\\PC{0,128}") {
            if let Ok(normalized) = normalize(&text) {
                prop_assert!(normalized.expose().len() <= text.len() * NFC_GROWTH);
            }
        }
    }
}
