//! Password hashes that are brought along: Argon2id in the PHC string format (RFC 9106).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What one verification may cost: a brought hash must not take the machine down at every sign-in.
const MAX_MEMORY_KIB: u32 = 262_144;
const MAX_ITERATIONS: u32 = 32;
const MAX_LANES: u32 = 16;

/// Whether it is `$argon2id$v=19$m=…,t=…,p=…$salt$hash` with bearable parameters.
///
/// # Errors
/// What is wrong with it; never the hash itself.
pub(super) fn check(phc: &str) -> Result<(), String> {
    let mut parts = phc.split('$');
    let (Some(""), Some(algorithm), Some(version)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("not a PHC string".to_owned());
    };
    if algorithm != "argon2id" || version != "v=19" {
        return Err("only argon2id of version 19 is understood".to_owned());
    }
    let (Some(parameters), Some(salt), Some(hash), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err("not a PHC string with parameters, salt and hash".to_owned());
    };
    check_parameters(parameters)?;
    let length = |text: &str| STANDARD_NO_PAD.decode(text).map_or(0, |bytes| bytes.len());
    if !(8..=64).contains(&length(salt)) {
        return Err("the salt is not 8 to 64 bytes in base64 without padding".to_owned());
    }
    if !(16..=64).contains(&length(hash)) {
        return Err("the hash is not 16 to 64 bytes in base64 without padding".to_owned());
    }
    Ok(())
}

fn check_parameters(parameters: &str) -> Result<(), String> {
    let mut values = parameters.split(',');
    let mut next = |name: &str| values.next()?.strip_prefix(name)?.parse::<u32>().ok();
    let (Some(memory), Some(iterations), Some(lanes), None) = (next("m="), next("t="), next("p="), values.next()) else {
        return Err("its parameters are not m=…,t=…,p=…".to_owned());
    };
    if memory > MAX_MEMORY_KIB || !(1..=MAX_ITERATIONS).contains(&iterations) || !(1..=MAX_LANES).contains(&lanes) || memory < 8 * lanes {
        return Err(format!("its parameters are outside of m={MAX_MEMORY_KIB},t={MAX_ITERATIONS},p={MAX_LANES}"));
    }
    Ok(())
}

/// The parameters' part, to tell whether two hashes were made alike.
#[must_use]
pub(super) fn parameters(phc: &str) -> Option<&str> {
    phc.split('$').nth(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";

    #[test]
    fn a_phc_string_of_argon2id_is_taken() {
        assert_eq!(check(GOOD), Ok(()));
        assert_eq!(parameters(GOOD), Some("m=19456,t=2,p=1"));
    }

    #[test]
    fn anything_else_is_refused_without_quoting_it() {
        for bad in [
            "",
            "secret",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            &GOOD.replace("argon2id", "argon2i"),
            &GOOD.replace("v=19", "v=16"),
            &GOOD.replace("m=19456", "m=99999999"),
            &GOOD.replace("t=2", "t=0"),
            &GOOD.replace("c29tZXNhbHRzb21lc2FsdA", "c2E"),
            &format!("{GOOD}$"),
        ] {
            let error = check(bad).unwrap_err();
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
    }
}
