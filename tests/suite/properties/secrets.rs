//! Verifiers, codes and stored hashes.

use proptest::prelude::*;
use uuid::Uuid;
use vestibule::account::password::{is_importable, is_verifiable};
use vestibule::mfa::{SixDigits, recovery_codes};
use vestibule::oauth::pkce;
use vestibule::secret::{Digest, Pepper};

use super::many;

/// RFC 7636 §4.2.
fn challenge(verifier: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).as_bytes())
}

/// What people put between digits.
fn pepper() -> Pepper {
    Pepper::new([9; 32])
}

fn separator() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just(" ".to_owned()), Just("-".to_owned()), Just("\u{a0}".to_owned()), Just("\t".to_owned())]
}

proptest! {
    #![proptest_config(many())]

    /// RFC 7636 §4.6: a verifier opens its own challenge and no other; §4.1: 43 to 128 unreserved characters.
    #[test]
    fn a_verifier_opens_its_own_challenge(one in "[A-Za-z0-9._~-]{43,128}", two in "[A-Za-z0-9._~-]{43,128}", odd in "[ -~]{0,140}") {
        prop_assert!(pkce::is_verifier(&one) && pkce::is_challenge(&challenge(&one)) && pkce::matches(&challenge(&one), &one));
        prop_assert_eq!(pkce::matches(&challenge(&one), &two), one == two);
        prop_assert!(!pkce::matches(&one, &one), "the plain method does not exist");
        let unreserved = odd.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        prop_assert_eq!(pkce::is_verifier(&odd), unreserved && (43..=128).contains(&odd.len()));
    }

    /// OT-7: the six digits are understood with whatever stands between them, and in any script.
    #[test]
    fn six_digits_are_understood(number in 0_u32..1_000_000, between in prop::collection::vec(separator(), 7), wide: bool) {
        let digits = format!("{number:06}");
        let mut typed = String::new();
        for (digit, space) in digits.chars().zip(&between) {
            typed.push_str(space);
            typed.push(if wide { char::from_u32(0xff10 + digit.to_digit(10).unwrap()).unwrap() } else { digit });
        }
        typed.push_str(&between[6]);
        let read = SixDigits::parse(&typed).unwrap();
        prop_assert_eq!(read.as_str(), digits);
    }

    /// Anything else is no code: one digit more or fewer, a letter, a sign.
    #[test]
    fn nothing_else_is_a_code(typed in "\\PC{0,12}") {
        if let Ok(code) = SixDigits::parse(&typed) {
            prop_assert!(code.as_str().len() == 6 && code.as_str().bytes().all(|b| b.is_ascii_digit()));
            prop_assert!(!typed.chars().any(char::is_alphabetic), "{typed}");
        }
    }

    /// OT-5: a recovery code in any case, with any separators and the look-alikes that base32 has not, is the same code; of another person it is not.
    #[test]
    fn recovery_codes_are_understood(code in "[A-Z2-7]{16}", between in prop::collection::vec(separator(), 16), lower: bool, who: u128, other: u128) {
        let mut typed = String::new();
        for (letter, space) in code.chars().zip(&between) {
            let letter = match letter {
                'O' if lower => '0',
                'I' if lower => '1',
                'B' if lower => '8',
                letter if lower => letter.to_ascii_lowercase(),
                letter => letter,
            };
            typed.push_str(space);
            typed.push(letter);
        }
        let who = Uuid::from_u128(who);
        let read = recovery_codes::read(&pepper(), who, &typed);
        prop_assert!(read.is_some());
        prop_assert_eq!(&read, &recovery_codes::read(&pepper(), who, &code));
        prop_assert!(who == Uuid::from_u128(other) || read != recovery_codes::read(&pepper(), Uuid::from_u128(other), &code));
        prop_assert_eq!(recovery_codes::read(&pepper(), who, &code[1..]), None);
        prop_assert_eq!(recovery_codes::read(&pepper(), who, &format!("{code}A")), None);
    }

    /// A stored hash that asks for more than it may is not obeyed, whatever else it says; nothing stops the reader.
    #[test]
    fn stored_hashes_are_bounded(memory in 0_u64..5_000_000, rounds in 0_u64..200, lanes in 0_u64..64, salt in "[A-Za-z0-9+/]{0,70}", output in "[A-Za-z0-9+/]{0,100}") {
        let argon = format!("$argon2id$v=19$m={memory},t={rounds},p={lanes}${salt}${output}");
        if is_verifiable(&argon) {
            prop_assert!(memory <= 256 * 1024 && rounds <= 32 && lanes <= 16, "{argon}");
            prop_assert!(salt.len() >= 11 && output.len() >= 22, "{argon}");
        }
        let scrypt = format!("$scrypt$ln={},r={rounds},p={lanes}${salt}${output}", memory % 64);
        if is_importable(&scrypt) {
            prop_assert!((1_u128 << (memory % 64)) * 128 * u128::from(rounds) <= 256 * 1024 * 1024, "{scrypt}");
        }
        let pbkdf2 = format!("$pbkdf2-sha256$i={}${salt}${output}", memory * 10);
        prop_assert!(!is_importable(&pbkdf2) || memory * 10 <= 2_000_000, "{pbkdf2}");
    }

    /// The same of anything.
    #[test]
    fn no_stored_hash_stops_the_reader(text in "\\PC{0,80}", name in "argon2id|argon2i|scrypt|2b|2y|pbkdf2-sha256|pbkdf2_sha512", rest in "[$,=a-z0-9./+]{0,60}") {
        for text in [text, format!("${name}${rest}"), format!("{name}${rest}")] {
            let _ = (is_verifiable(&text), is_importable(&text));
        }
    }
}
