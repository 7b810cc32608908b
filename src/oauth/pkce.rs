//! Proof Key for Code Exchange (RFC 7636), S256 only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::{Digest, equal};

/// Whether a challenge can be one: 43 base64url characters, the length of a SHA-256.
#[must_use]
pub fn is_challenge(challenge: &str) -> bool {
    challenge.len() == 43 && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Whether a verifier is one: 43 to 128 unreserved characters (RFC 7636 §4.1).
#[must_use]
pub fn is_verifier(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len()) && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

/// RFC 7636 §4.6, in constant time.
#[must_use]
pub fn matches(challenge: &str, verifier: &str) -> bool {
    let computed = URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).as_bytes());
    equal(computed.as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn challenge_of(verifier: &str) -> String {
        URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).as_bytes())
    }

    /// RFC 7636 appendix B.
    #[test]
    fn the_example_of_the_specification_matches() {
        let (verifier, challenge) = ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(is_verifier(verifier) && is_challenge(challenge) && matches(challenge, verifier));
        assert!(!matches(verifier, verifier), "plain is not spoken here");
        assert!(!matches("", "") && !is_challenge("") && !is_verifier(""));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_verifier_fits_its_own_challenge_and_no_other(one in "[A-Za-z0-9._~-]{43,128}", other in "[A-Za-z0-9._~-]{43,128}") {
            let challenge = challenge_of(&one);
            prop_assert!(is_verifier(&one) && is_challenge(&challenge) && matches(&challenge, &one));
            prop_assert_eq!(matches(&challenge, &other), one == other);
            prop_assert!(!matches(&one, &one));
        }

        #[test]
        fn a_changed_character_fits_no_more(verifier in "[A-Za-z0-9._~-]{43,128}", at in 0usize..43, put in "[A-Za-z0-9._~-]") {
            let challenge = challenge_of(&verifier);
            let changed = |text: &str| format!("{}{put}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(matches(&challenge, &changed(&verifier)), changed(&verifier) == verifier);
            prop_assert_eq!(matches(&changed(&challenge), &verifier), changed(&challenge) == challenge);
        }

        /// RFC 7636 §4.1, §4.2.
        #[test]
        fn lengths_and_characters_are_those_of_the_grammar(text in "[A-Za-z0-9._~-]{0,140}|\\PC{0,60}|[ -~]{40,45}") {
            let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
            let length = text.chars().count();
            prop_assert_eq!(is_verifier(&text), (43..=128).contains(&length) && text.chars().all(unreserved));
            prop_assert_eq!(is_challenge(&text), length == 43 && text.chars().all(|c| unreserved(c) && c != '.' && c != '~'));
        }
    }
}
