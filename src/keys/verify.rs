//! Verifying tokens that claim to be ours.
//!
//! The key is chosen by our own table, never by material in the token (RFC 8725 §3.1, §3.10); the algorithm is the key's, and the header only
//! has to agree with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::JwsVerifier;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::set::KeySet;
use crate::clock::Timestamp;
use crate::store::signing_keys::Algorithm;

/// Our own tokens are a tenth of this.
const MAX_BYTES: usize = 8 * 1024;

/// Why a token is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("not a JWS of ours")]
    Malformed,
    #[error("signed with an unknown key")]
    UnknownKey,
    #[error("the signature does not match")]
    Signature,
    #[error("another kind of token")]
    WrongType,
}

/// The members that we write, and no other: `crit`, `b64`, `jku`, `jwk`, `x5u`, `x5c`, `zip`, `enc` and everything yet to be invented are refused,
/// and so is a member given twice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: Option<String>,
}

/// Checks form, key, algorithm, type and signature; answers the claims.
pub(super) fn verify(set: &KeySet, token: &str, typ: Option<&str>, now: Timestamp) -> Result<Map<String, Value>, VerifyError> {
    let find = |kid: &str| set.find(kid, now).map(|key| (key.signer.algorithm(), &*key.verifier));
    verify_with(token, typ, find).map(|(_, claims)| claims)
}

/// The same with keys from anywhere; answers the key's id too.
pub(super) fn verify_with<'k>(
    token: &str,
    typ: Option<&str>,
    find: impl FnOnce(&str) -> Option<(Algorithm, &'k dyn JwsVerifier)>,
) -> Result<(String, Map<String, Value>), VerifyError> {
    if token.len() > MAX_BYTES {
        return Err(VerifyError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
    let (header, payload) = signed.split_once('.').filter(|(_, payload)| !payload.contains('.')).ok_or(VerifyError::Malformed)?;
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| VerifyError::Malformed)?;
    let (algorithm, verifier) = find(&header.kid).ok_or(VerifyError::UnknownKey)?;
    if header.alg != algorithm.name() {
        return Err(VerifyError::UnknownKey);
    }
    if !is_type(header.typ.as_deref(), typ) {
        return Err(VerifyError::WrongType);
    }
    verifier.verify(signed.as_bytes(), &decode(signature)?).map_err(|_| VerifyError::Signature)?;
    let claims = serde_json::from_slice(&decode(payload)?).map_err(|_| VerifyError::Malformed)?;
    Ok((header.kid, claims))
}

fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)
}

/// Media types are compared without regard to case, and `application/` may stand before them (RFC 7515 §4.1.9).
fn is_type(found: Option<&str>, expected: Option<&str>) -> bool {
    const PREFIX: &str = "application/";
    let short = |typ: &str| match typ.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => typ.get(PREFIX.len()..).unwrap_or_default().to_ascii_lowercase(),
        _ => typ.to_ascii_lowercase(),
    };
    match (found, expected) {
        (Some(found), Some(expected)) => short(found) == short(expected),
        (None, Some(_)) => false,
        (None, None) => true,
        (Some(found), None) => short(found) == "jwt",
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use serde_json::json;

    use super::*;
    use crate::keys::rotation::Lifetime;
    use crate::keys::testing::{self, START};
    use crate::keys::{Algorithm, KeySet};

    fn set() -> KeySet {
        testing::set(&testing::lifetimes())
    }

    fn signed(set: &KeySet, algorithm: Algorithm) -> String {
        set.signing(algorithm, START).unwrap().sign_jwt("at+jwt", &json!({ "sub": "person" })).unwrap()
    }

    /// A token with this header and our claims, signed by `sign`.
    fn forged(header: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(r#"{"sub":"intruder"}"#));
        let signature = sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn check(set: &KeySet, token: &str) -> Result<Map<String, Value>, VerifyError> {
        verify(set, token, Some("at+jwt"), START)
    }

    #[test]
    fn our_own_tokens_of_every_algorithm_are_accepted() {
        let set = set();
        for algorithm in Algorithm::ALL {
            assert_eq!(check(&set, &signed(&set, algorithm)).unwrap()["sub"], "person", "{algorithm:?}");
        }
    }

    #[test]
    fn cut_lengthened_and_changed_tokens_are_refused() {
        let set = set();
        let token = signed(&set, Algorithm::ES256);
        for at in 0..token.len() {
            assert!(check(&set, &token[..at]).is_err(), "cut at {at}");
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(check(&set, std::str::from_utf8(&changed).unwrap()).is_err(), "changed at {at}");
        }
        for tail in ["A", "=", ".", ".e30", " ", "\n"] {
            assert!(check(&set, &format!("{token}{tail}")).is_err(), "{tail:?}");
        }
        for nonsense in ["", ".", "..", "...", "a.b.c", "é.é.é"] {
            assert_eq!(check(&set, nonsense), Err(VerifyError::Malformed), "{nonsense}");
        }
        assert_eq!(check(&set, &format!("{token}{}", "A".repeat(MAX_BYTES))), Err(VerifyError::Malformed));
    }

    /// RFC 8725 §2.1, §3.1: the algorithm is the key's, not the token's.
    #[test]
    fn the_algorithm_cannot_be_chosen_by_the_token() {
        let set = set();
        for algorithm in Algorithm::ALL {
            let signer = set.signing(algorithm, START).unwrap();
            let header = |alg: &str| json!({ "alg": alg, "kid": signer.kid(), "typ": "at+jwt" });
            for alg in ["none", "None", "NONE", "nOnE", ""] {
                assert_eq!(check(&set, &forged(&header(alg), |_| Vec::new())), Err(VerifyError::UnknownKey), "{alg}");
            }
            let public = signer.public_jwk().to_string();
            let hmac = |input: &[u8]| {
                Hmac::<sha2::Sha256>::new_from_slice(public.as_bytes()).unwrap().chain_update(input).finalize().into_bytes().to_vec()
            };
            assert!(check(&set, &forged(&header("HS256"), hmac)).is_err());
            assert_eq!(check(&set, &forged(&header(algorithm.name()), hmac)), Err(VerifyError::Signature));
            assert_eq!(check(&set, &forged(&header(algorithm.name()), |_| Vec::new())), Err(VerifyError::Signature));
            for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
                let honest = |input: &[u8]| set.signing(other, START).unwrap().sign(input).unwrap();
                assert!(check(&set, &forged(&header(other.name()), honest)).is_err(), "{algorithm:?} as {other:?}");
            }
        }
    }

    /// RFC 8725 §3.10: the key comes from our table.
    #[test]
    fn the_key_cannot_be_brought_by_the_token() {
        let set = set();
        let stranger = testing::stranger(Algorithm::ES256).signer;
        let ours = set.signing(Algorithm::ES256, START).unwrap();
        let sign = |input: &[u8]| stranger.sign(input).unwrap();
        assert_eq!(check(&set, &forged(&json!({ "alg": "ES256", "kid": ours.kid(), "typ": "at+jwt" }), sign)), Err(VerifyError::Signature));
        for kid in [stranger.kid(), "", "../../dev/null", "' OR 1=1 --", "*"] {
            assert_eq!(check(&set, &forged(&json!({ "alg": "ES256", "kid": kid, "typ": "at+jwt" }), sign)), Err(VerifyError::UnknownKey));
        }
        assert_eq!(check(&set, &forged(&json!({ "alg": "ES256", "typ": "at+jwt" }), sign)), Err(VerifyError::Malformed));
        assert_eq!(
            check(&set, &forged(&json!({ "alg": "ES256", "kid": [ours.kid()], "typ": "at+jwt" }), sign)),
            Err(VerifyError::Malformed)
        );
    }

    #[test]
    fn header_members_we_never_write_are_refused_even_under_our_own_signature() {
        let set = set();
        let ours = set.signing(Algorithm::ES256, START).unwrap();
        let sign = |input: &[u8]| ours.sign(input).unwrap();
        assert!(check(&set, &forged(&json!({ "alg": "ES256", "kid": ours.kid(), "typ": "at+jwt" }), sign)).is_ok());
        let members = [
            ("crit", json!(["exp"])),
            ("b64", json!(false)),
            ("jwk", ours.public_jwk().clone()),
            ("jku", json!("https://evil.example/jwks")),
            ("x5u", json!("https://evil.example/x5u")),
            ("x5c", json!(["MII"])),
            ("zip", json!("DEF")),
            ("enc", json!("A128GCM")),
            ("cty", json!("JWT")),
        ];
        for (name, value) in members {
            let mut header = json!({ "alg": "ES256", "kid": ours.kid(), "typ": "at+jwt" });
            header[name] = value;
            assert_eq!(check(&set, &forged(&header, sign)), Err(VerifyError::Malformed), "{name}");
        }
    }

    #[test]
    fn each_kind_of_token_is_accepted_as_itself_alone() {
        let set = set();
        let signer = set.signing(Algorithm::EdDSA, START).unwrap();
        // (typ in the header, expected, accepted)
        let cases = [
            ("at+jwt", Some("at+jwt"), true),
            ("AT+JWT", Some("at+jwt"), true),
            ("application/at+jwt", Some("at+jwt"), true),
            ("Application/AT+jwt", Some("at+jwt"), true),
            ("logout+jwt", Some("at+jwt"), false),
            ("JWT", Some("at+jwt"), false),
            ("", Some("at+jwt"), false),
            ("", None, true),
            ("JWT", None, true),
            ("jwt", None, true),
            ("at+jwt", None, false),
            ("logout+jwt", None, false),
            ("application/application/jwt", None, false),
        ];
        for (typ, expected, accepted) in cases {
            let token = signer.sign_jwt(typ, &json!({})).unwrap();
            let found = verify(&set, &token, expected, START);
            assert_eq!(found.is_ok(), accepted, "{typ} as {expected:?}");
            assert!(accepted || found == Err(VerifyError::WrongType));
        }
    }

    #[test]
    fn next_active_and_retiring_keys_verify_and_gone_ones_do_not() {
        let at = |secs: i64| Timestamp::from_secs(START.secs() + secs);
        let lifetime = |change: fn(Lifetime) -> Lifetime| testing::lifetimes().into_iter().map(change).collect::<Vec<_>>();
        let signed = signed(&set(), Algorithm::ES256);
        let next = testing::set(&lifetime(|key| Lifetime { active_at: Timestamp::from_secs(START.secs() + 60), ..key }));
        assert!(verify(&next, &signed, Some("at+jwt"), START).is_ok());
        let ending = testing::set(&lifetime(|key| Lifetime {
            retires_at: Some(Timestamp::from_secs(START.secs() + 10)),
            expires_at: Some(Timestamp::from_secs(START.secs() + 20)),
            ..key
        }));
        assert!(verify(&ending, &signed, Some("at+jwt"), at(19)).is_ok());
        assert_eq!(verify(&ending, &signed, Some("at+jwt"), at(20)), Err(VerifyError::UnknownKey));
    }
}
