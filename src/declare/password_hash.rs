//! Password hashes that are brought along: Argon2id in the PHC string format (RFC 9106), and those of other products that a sign-in replaces.

use crate::account::password::{is_importable, is_verifiable};

/// Of Argon2 only what is made today is taken in, and only what a sign-in can verify.
const BEGINNING: &str = "$argon2id$v=19$";

/// Whether it is `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, or a hash of bcrypt, PBKDF2 or scrypt, and can be verified.
///
/// # Errors
/// What is wrong with it; never the hash itself.
pub(super) fn check(phc: &str) -> Result<(), String> {
    if is_importable(phc) {
        return Ok(());
    }
    if !phc.starts_with(BEGINNING) {
        return Err(
            "not a PHC string of argon2id, version 19, nor a hash of bcrypt, PBKDF2 or scrypt that costs no more than a second".to_owned()
        );
    }
    if !is_verifiable(phc) {
        return Err(
            "cannot be verified: at most m=262144,t=32,p=16 and m*t=1048576, a salt of 8 to 48 bytes and a hash of 16 to 64 are understood"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";

    #[test]
    fn a_phc_string_of_argon2id_is_taken_and_so_is_another_products_hash() {
        assert_eq!(check(GOOD), Ok(()));
        assert_eq!(check("$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"), Ok(()));
    }

    #[test]
    fn anything_else_is_refused_without_quoting_it() {
        for bad in [
            "",
            "secret",
            "$2b$31$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            &GOOD.replace("argon2id", "argon2i"),
            &GOOD.replace("v=19", "v=16"),
            &GOOD.replace("m=19456", "m=99999999"),
            &GOOD.replace("t=2", "t=0"),
            &GOOD.replace("c29tZXNhbHRzb21lc2FsdA", "c2E"),
            &GOOD.replace("c29tZXNhbHRzb21lc2FsdA", &"c2FsdHNhbHRzYWx0".repeat(5)),
            &format!("{GOOD}$"),
        ] {
            let error = check(bad).unwrap_err();
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
    }
}
