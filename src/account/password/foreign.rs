//! Hashes that other products made: bcrypt, PBKDF2 and scrypt. They are compared with once, at the next sign-in, and replaced by Argon2id.
//!
//! Understood: bcrypt's modular crypt format (`$2a$`, `$2b$`, `$2x$`, `$2y$`); `$scrypt$ln=,r=,p=$salt$hash`; PBKDF2 as a PHC string
//! (`$pbkdf2-sha256$i=…$salt$hash`), as passlib writes it (`$pbkdf2-sha256$29000$salt$hash`) and as Django does (`pbkdf2_sha256$600000$salt$hash`).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Sha256, Sha512};

use crate::secret;

/// What a stored hash may cost at most: about a second of one core, and 256 MiB.
const MAX_BCRYPT_COST: u32 = 14;
const MAX_PBKDF2_ROUNDS: u32 = 2_000_000;
/// Memory of all lanes together, which are computed one after another.
const MAX_SCRYPT_BYTES: u64 = 256 * 1024 * 1024;
const MAX_SCRYPT_LANES: u32 = 16;
const MIN_OUTPUT: usize = 16;
const MAX_OUTPUT: usize = 64;
const MAX_SALT: usize = 128;

/// Salt and hash come with and without padding.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

#[derive(Debug)]
pub(super) enum Foreign {
    Bcrypt(String),
    Pbkdf2 { digest: Digest, rounds: u32, salt: Vec<u8>, output: Vec<u8> },
    Scrypt { params: scrypt::Params, salt: Vec<u8>, output: Vec<u8> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha512,
}

impl Digest {
    fn named(name: &str) -> Option<Self> {
        match name {
            "pbkdf2-sha256" | "pbkdf2_sha256" => Some(Self::Sha256),
            "pbkdf2-sha512" | "pbkdf2_sha512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

impl Foreign {
    /// `None` when it is none of these, is cut short, or costs more than we are willing to pay.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.strip_prefix('$').unwrap_or(text).split('$').collect();
        match (text.starts_with('$'), parts.as_slice()) {
            (true, ["2a" | "2b" | "2x" | "2y", cost, _]) => bcrypt(text, cost),
            (true, ["scrypt", costs, salt, output]) => scrypt(costs, salt, output),
            (true, [name, costs, salt, output]) => pbkdf2(Digest::named(name)?, costs, passlib(salt)?, passlib(output)?),
            // Django's salt is text, not base64.
            (false, [name, rounds, salt, output]) if name.contains('_') => {
                pbkdf2(Digest::named(name)?, rounds, salt.as_bytes().to_vec(), BASE64.decode(output).ok()?)
            }
            _ => None,
        }
    }

    /// Whether `password`, as it was typed, is the one behind it. The comparison takes the same time however much fits.
    pub(super) fn verify(&self, password: &str) -> bool {
        // To bcrypt it is an end, and to HMAC, which fills short keys up with it, nothing at all.
        if password.contains('\0') {
            return false;
        }
        match self {
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::Pbkdf2 { digest, rounds, salt, output } => {
                let mut computed = vec![0; output.len()];
                match digest {
                    Digest::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, *rounds, &mut computed),
                    Digest::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password.as_bytes(), salt, *rounds, &mut computed),
                }
                secret::equal(&computed, output)
            }
            Self::Scrypt { params, salt, output } => {
                let mut computed = vec![0; output.len()];
                scrypt::scrypt(password.as_bytes(), salt, params, &mut computed).is_ok() && secret::equal(&computed, output)
            }
        }
    }
}

fn bcrypt(text: &str, cost: &str) -> Option<Foreign> {
    let cost: u32 = cost.parse().ok()?;
    let whole = text.len() == 60 && text.get(7..)?.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'/');
    (whole && (4..=MAX_BCRYPT_COST).contains(&cost)).then(|| Foreign::Bcrypt(text.to_owned()))
}

fn scrypt(costs: &str, salt: &str, output: &str) -> Option<Foreign> {
    let cost = |name: &str| costs.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<u32>().ok());
    let (log_n, r, p) = (cost("ln")?, cost("r")?, cost("p")?);
    let bytes = 128_u64.checked_mul(u64::from(r))?.checked_mul(1_u64.checked_shl(log_n)?)?;
    if bytes.checked_mul(u64::from(p))? > MAX_SCRYPT_BYTES || p > MAX_SCRYPT_LANES {
        return None;
    }
    let (salt, output) = (passlib(salt)?, passlib(output)?);
    let params = scrypt::Params::new(u8::try_from(log_n).ok()?, r, p).ok()?;
    is_sound(&salt, &output).then_some(Foreign::Scrypt { params, salt, output })
}

/// `costs` is `i=310000`, `i=310000,l=32` or just the number of rounds.
fn pbkdf2(digest: Digest, costs: &str, salt: Vec<u8>, output: Vec<u8>) -> Option<Foreign> {
    let rounds = costs.split(',').find_map(|pair| pair.strip_prefix("i=").unwrap_or(pair).parse::<u32>().ok())?;
    let affordable = (1..=MAX_PBKDF2_ROUNDS).contains(&rounds);
    (affordable && is_sound(&salt, &output)).then_some(Foreign::Pbkdf2 { digest, rounds, salt, output })
}

/// Passlib writes `.` for `+`.
fn passlib(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace('.', "+")).ok()
}

fn is_sound(salt: &[u8], output: &[u8]) -> bool {
    !salt.is_empty() && salt.len() <= MAX_SALT && (MIN_OUTPUT..=MAX_OUTPUT).contains(&output.len())
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;
