//! What a JWK of somebody else must be for us to verify with it: public, for signatures, of a kind and strength that we take.
//! RFC 7517 §4, RFC 7518 §6.2, §6.3, RFC 8037 §2; NIST SP 800-57 part 1 §5.6.1 (112 bits).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::thumbprint;
use crate::store::assertion_algorithm::AssertionAlgorithm;

/// Members of private and symmetric keys.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const LEAST_EXPONENT: u32 = 65_537;

/// A key that can be used.
pub(super) struct Form {
    /// Its own, or its thumbprint.
    pub(super) kid: String,
    /// With which it may be used; one for all kinds but RSA.
    pub(super) algorithms: Vec<AssertionAlgorithm>,
    /// Those that make the public key, and no others.
    pub(super) members: Map<String, Value>,
}

/// Whoever shows a private or symmetric key has lost it.
pub(super) fn refuse_private(jwk: &Map<String, Value>) -> Result<(), &'static str> {
    if PRIVATE.iter().any(|name| jwk.contains_key(*name)) || text(jwk, "kty") == Some("oct") {
        return Err("it is private or symmetric: publish the public members alone, and make another key, since this one is known now");
    }
    Ok(())
}

/// Why it is of no use, if so.
pub(super) fn read(jwk: &Map<String, Value>) -> Result<Form, String> {
    if jwk.get("use").is_some_and(|usage| usage != "sig") {
        return Err("its use is not sig".to_owned());
    }
    let verifies = |operations: &Value| operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"));
    if jwk.get("key_ops").is_some_and(|operations| !verifies(operations)) {
        return Err("its key_ops have no verify".to_owned());
    }
    let (mut algorithms, names) = kind(jwk)?;
    if let Some(alg) = jwk.get("alg") {
        let alg = alg.as_str().and_then(AssertionAlgorithm::named);
        algorithms.retain(|algorithm| Some(*algorithm) == alg);
        if algorithms.is_empty() {
            return Err(format!("its alg is not one of {} that fits its kind", AssertionAlgorithm::NAMES.join(", ")));
        }
    }
    let kid = match jwk.get("kid") {
        None => thumbprint::of(jwk).ok_or("it has no thumbprint")?,
        Some(Value::String(kid)) if !kid.is_empty() => kid.clone(),
        Some(_) => return Err("its kid is not a text".to_owned()),
    };
    let members = names.iter().filter_map(|name| Some(((*name).to_owned(), jwk.get(*name)?.clone()))).collect();
    Ok(Form { kid, algorithms, members })
}

/// What a key of this kind can verify, and the members that make it.
fn kind(jwk: &Map<String, Value>) -> Result<(Vec<AssertionAlgorithm>, &'static [&'static str]), String> {
    let curve = |size: usize, names: &[&str]| {
        let fits = names.iter().all(|name| bytes(jwk, name).is_some_and(|value| value.len() == size));
        if fits { Ok(()) } else { Err(format!("{} must be {size} bytes of base64url", names.join(" and "))) }
    };
    match (text(jwk, "kty"), text(jwk, "crv")) {
        (Some("RSA"), _) => {
            check_rsa(jwk)?;
            Ok((vec![AssertionAlgorithm::RS256, AssertionAlgorithm::PS256], &["kty", "n", "e"]))
        }
        (Some("EC"), Some("P-256")) => {
            curve(32, &["x", "y"])?;
            Ok((vec![AssertionAlgorithm::ES256], &["kty", "crv", "x", "y"]))
        }
        (Some("EC"), Some("P-384")) => {
            curve(48, &["x", "y"])?;
            Ok((vec![AssertionAlgorithm::ES384], &["kty", "crv", "x", "y"]))
        }
        (Some("OKP"), Some("Ed25519")) => {
            curve(32, &["x"])?;
            Ok((vec![AssertionAlgorithm::EdDSA], &["kty", "crv", "x"]))
        }
        _ => Err("it is not RSA, EC on P-256 or P-384, or OKP on Ed25519".to_owned()),
    }
}

/// Large enough to be safe, and small enough to verify with: the modulus and the exponent decide what that costs us.
fn check_rsa(jwk: &Map<String, Value>) -> Result<(), String> {
    let number = |name: &str| bytes(jwk, name).ok_or_else(|| format!("its {name} is not base64url"));
    let (modulus, exponent) = (number("n")?, number("e")?);
    let significant: &[u8] = modulus.iter().position(|byte| *byte != 0).and_then(|at| modulus.get(at..)).unwrap_or_default();
    let zeros = significant.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !RSA_BITS.contains(&(significant.len() * 8).saturating_sub(zeros)) {
        return Err(format!("RSA of fewer than {} or more than {} bits", RSA_BITS.start(), RSA_BITS.end()));
    }
    let small = (1..=4).contains(&exponent.len()).then(|| exponent.iter().fold(0u32, |value, byte| (value << 8) | u32::from(*byte)));
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if small.is_none_or(|exponent| exponent < LEAST_EXPONENT) || !is_odd(&exponent) || !is_odd(&modulus) {
        return Err(format!("its e must be odd, at least {LEAST_EXPONENT} and at most 4 bytes, and its n odd"));
    }
    Ok(())
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    jwk.get(name)?.as_str()
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(jwk, name)?).ok()
}
