//! Verifying tokens that claim to be ours.
//!
//! The key is chosen by our own table, never by material in the token (RFC 8725 §3.1, §3.10); the algorithm is the key's, and the header only
//! has to agree with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::set::KeySet;
use crate::clock::Timestamp;

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
    if token.len() > MAX_BYTES {
        return Err(VerifyError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
    let (header, payload) = signed.split_once('.').filter(|(_, payload)| !payload.contains('.')).ok_or(VerifyError::Malformed)?;
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| VerifyError::Malformed)?;
    let key = set.find(&header.kid, now).ok_or(VerifyError::UnknownKey)?;
    if header.alg != key.signer.algorithm().name() {
        return Err(VerifyError::UnknownKey);
    }
    if !is_type(header.typ.as_deref(), typ) {
        return Err(VerifyError::WrongType);
    }
    key.verifier.verify(signed.as_bytes(), &decode(signature)?).map_err(|_| VerifyError::Signature)?;
    serde_json::from_slice(&decode(payload)?).map_err(|_| VerifyError::Malformed)
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
