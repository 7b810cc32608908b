//! A JWT that somebody else signed, before anything in it is believed.
//!
//! Of the header, `alg`, `kid`, `typ` and `crit` are looked at, and nothing else: a key that comes with the token (`jwk`, `jku`, `x5c`, `x5u`) is nobody's.
//! RFC 7515 §4, §5.2; RFC 7519 §7.2; RFC 8725 §3.1, §3.11.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::JwsVerifier;
use serde::Deserialize;
use serde_json::Value;

use super::client_keys::MAX_KID;
use crate::store::assertion_algorithm::AssertionAlgorithm;

/// The longest, in bytes: certificates that some libraries add to the header fit, and nothing reads them.
const MAX_BYTES: usize = 8 * 1024;

/// Media types that an assertion may have (RFC 7523, and its revision, which names one).
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

/// Why it is not looked at any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionProblem {
    #[error("is not a signed JWT in compact form of at most 8192 bytes")]
    Malformed,
    #[error("is signed with an algorithm that is not one of RS256, PS256, ES256, ES384, EdDSA")]
    Algorithm,
    #[error("is another kind of token: typ must be JWT or client-authentication+jwt")]
    Type,
    #[error("has crit in its header: no extension is supported")]
    Critical,
}

/// Read, and not yet verified.
#[derive(Debug)]
pub struct SignedAssertion {
    algorithm: AssertionAlgorithm,
    kid: Option<String>,
    signed: String,
    signature: Vec<u8>,
    payload: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
    b64: Option<Value>,
}

impl SignedAssertion {
    /// # Errors
    /// What it is not.
    pub fn read(token: &str) -> Result<Self, AssertionProblem> {
        if token.len() > MAX_BYTES {
            return Err(AssertionProblem::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(AssertionProblem::Malformed)?;
        let (header, payload) = signed.split_once('.').filter(|(_, payload)| !payload.contains('.')).ok_or(AssertionProblem::Malformed)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| AssertionProblem::Malformed)?;
        if header.crit.is_some() || header.b64.is_some() {
            return Err(AssertionProblem::Critical);
        }
        let algorithm = AssertionAlgorithm::named(&header.alg).ok_or(AssertionProblem::Algorithm)?;
        if !header.typ.as_deref().is_none_or(is_type) {
            return Err(AssertionProblem::Type);
        }
        if header.kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
            return Err(AssertionProblem::Malformed);
        }
        let (signature, payload) = (decode(signature)?, decode(payload)?);
        Ok(Self { algorithm, kid: header.kid, signed: signed.to_owned(), signature, payload })
    }

    #[must_use]
    pub const fn algorithm(&self) -> AssertionAlgorithm {
        self.algorithm
    }

    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The claims as JSON; anybody can have written them until a key has verified the whole.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn is_signed_with(&self, verifier: &dyn JwsVerifier) -> bool {
        verifier.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

fn decode(part: &str) -> Result<Vec<u8>, AssertionProblem> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| AssertionProblem::Malformed)
}

fn is_type(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    TYPES.contains(&typ.strip_prefix("application/").unwrap_or(&typ))
}
