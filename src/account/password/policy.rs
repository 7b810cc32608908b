//! What is accepted as a password, and the one form it is hashed in.

use unicode_normalization::UnicodeNormalization as _;

use super::blocklist::Blocklist;
use super::context::{Context, Source};
use super::estimate::{Weakness, weakness};
use super::patterns;
use crate::secret::Secret;

/// Longer ones are refused before any work on them (OWASP ASVS 5 §6.2.9 asks for at least 64 characters, and for no truncation).
const MAX_BYTES: usize = 512;
const MAX_CODE_POINTS: usize = 128;

/// UTF-8 grows at most threefold under NFC (Unicode Standard Annex #15).
const NFC_GROWTH: usize = 3;

/// What is wrong with a new password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    #[error("at least {min} characters, not {typed}")]
    TooShort { min: usize, typed: usize },
    #[error("at most 128 characters")]
    TooLong,
    #[error("no NUL character")]
    Nul,
    #[error("to be less common: it is on lists of common passwords")]
    Common,
    #[error("to be another: it has appeared in a data leak")]
    Leaked,
    #[error("more than words of the person or the service")]
    Contains(Source),
    #[error("more than a few repeated characters")]
    Repeated,
    #[error("more than a row of neighbouring characters")]
    Sequence,
    #[error("to be harder to guess")]
    Weak(Weakness),
}

/// Whether a new password is acceptable, by what we know ourselves: its length counts in code points after normalisation (NIST SP 800-63B-4 §3.1.1.2), no kind of
/// character is demanded, and what is guessed first is refused. [`super::check_new`] asks the leaks, too.
///
/// # Errors
/// Why not.
pub fn check(password: &str, context: &Context) -> Result<(), Unacceptable> {
    let password = normalize(password)?;
    let password = password.expose();
    let (min, typed) = (context.min_length(), password.chars().count());
    if typed < min {
        return Err(Unacceptable::TooShort { min, typed });
    }
    if Blocklist::embedded().has(password) {
        return Err(Unacceptable::Common);
    }
    if let Some(source) = context.makes_up(password) {
        return Err(Unacceptable::Contains(source));
    }
    if patterns::is_repeat(password) {
        return Err(Unacceptable::Repeated);
    }
    if patterns::is_sequence(password) {
        return Err(Unacceptable::Sequence);
    }
    weakness(password, &context.words()).map_or(Ok(()), |weakness| Err(Unacceptable::Weak(weakness)))
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
    use crate::config::Config;

    fn check_new(password: &str) -> Result<(), Unacceptable> {
        check(password, &Context::of_service(&Config::default()))
    }

    #[test]
    fn fifteen_characters_are_enough_in_any_script() {
        assert_eq!(check_new("fourteen chars"), Err(Unacceptable::TooShort { min: 15, typed: 14 }));
        assert_eq!(check_new("fifteen charact"), Ok(()));
        assert_eq!(check_new("ключ от квартир"), Ok(()));
        assert_eq!(check_new("🔑🐢🌋🎷🦀🍋🧭🪁🐝🎲🚲🍄🦉🧵🌵"), Ok(()));
    }

    #[test]
    fn combining_marks_do_not_make_a_password_longer() {
        assert_eq!(check_new(&"e\u{301}".repeat(14)), Err(Unacceptable::TooShort { min: 15, typed: 14 }));
    }

    #[test]
    fn too_long_is_refused_by_code_points_and_by_bytes() {
        let long = "correct horse battery staple, ".repeat(5);
        assert_eq!(check_new(&long.chars().take(128).collect::<String>()), Ok(()));
        assert_eq!(check_new(&long.chars().take(129).collect::<String>()), Err(Unacceptable::TooLong));
        assert_eq!(check_new(&"🔑".repeat(129)), Err(Unacceptable::TooLong));
        assert_eq!(check_new(&"a".repeat(1_000_000)), Err(Unacceptable::TooLong));
    }

    #[test]
    fn nul_is_refused() {
        assert_eq!(check_new("fifteen\0characters"), Err(Unacceptable::Nul));
    }

    #[test]
    fn what_is_guessed_first_is_refused_with_the_reason() {
        assert_eq!(check_new("passwordpassword"), Err(Unacceptable::Common));
        assert_eq!(check_new("1qaz2wsx3edc4rfv"), Err(Unacceptable::Common));
        assert_eq!(check_new("vestibule-2026!"), Err(Unacceptable::Contains(Source::Brand)));
        assert_eq!(check_new(&"ab".repeat(10)), Err(Unacceptable::Repeated));
        assert_eq!(check_new("bcdefghijklmnopq"), Err(Unacceptable::Sequence));
        for weak in ["november20262026", "asdfghjklasdfghjk1"] {
            assert!(matches!(check_new(weak), Err(Unacceptable::Weak(_))), "{weak}: {:?}", check_new(weak));
        }
    }

    #[test]
    fn no_kind_of_character_is_demanded() {
        for password in ["correct horse battery staple", "xk29vmq04tzb7w1", "seventeen green bicycles", "7395028461750293"] {
            assert_eq!(check_new(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn composed_and_decomposed_are_the_same_password() {
        assert_eq!(normalize("caf\u{e9}").unwrap().expose(), normalize("cafe\u{301}").unwrap().expose());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn normalisation_never_outgrows_its_room(text in "\\PC{0,128}") {
            if let Ok(normalized) = normalize(&text) {
                prop_assert!(normalized.expose().len() <= text.len() * NFC_GROWTH);
            }
        }
    }
}
