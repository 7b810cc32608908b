//! Signing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::JwsSigner;
use serde_json::{Map, Value};

use super::ring::KeyError;
use crate::store::signing_keys::Algorithm;

/// The kinds of token whose headers are made in advance; "" stands for none.
const TYPES: [&str; 4] = ["", "JWT", "at+jwt", "logout+jwt"];

/// A loaded private key: built once, shared by all requests.
pub struct Signer {
    kid: String,
    algorithm: Algorithm,
    public_jwk: Value,
    inner: Box<dyn JwsSigner>,
    /// By `typ`: the header, encoded, with the full stop behind it.
    headers: Vec<(&'static str, String)>,
}

impl Signer {
    pub(super) fn new(algorithm: Algorithm, kid: String, public_jwk: Map<String, Value>, inner: Box<dyn JwsSigner>) -> Self {
        let headers = TYPES.iter().map(|typ| (*typ, header(algorithm, &kid, typ))).collect();
        Self { kid, algorithm, public_jwk: Value::Object(public_jwk), inner, headers }
    }

    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public JWK, as in the JWKS.
    #[must_use]
    pub const fn public_jwk(&self) -> &Value {
        &self.public_jwk
    }

    /// Signs raw bytes (for `openidconnect::PrivateSigningKey`).
    ///
    /// # Errors
    /// What OpenSSL says.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.inner.sign(message).map_err(|error| KeyError::Key(error.to_string()))
    }

    /// A compact JWS (RFC 7515 §7.1) with `alg`, `kid` and this `typ` ("" for none), over `claims`.
    ///
    /// # Errors
    /// What OpenSSL says.
    pub fn sign_jwt<T: serde::Serialize>(&self, typ: &'static str, claims: &T) -> Result<String, KeyError> {
        let payload = serde_json::to_vec(claims).map_err(|error| KeyError::Key(error.to_string()))?;
        let prebuilt = self.headers.iter().find(|(name, _)| *name == typ);
        let mut token = prebuilt.map_or_else(|| header(self.algorithm, &self.kid, typ), |(_, header)| header.clone());
        // Grow once: payload, full stop, and a signature of up to 4096 bits.
        token.reserve(payload.len() * 4 / 3 + 700);
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
        Ok(token)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} {})", self.algorithm.name(), self.kid)
    }
}

fn header(algorithm: Algorithm, kid: &str, typ: &str) -> String {
    let mut header = serde_json::json!({ "alg": algorithm.name(), "kid": kid });
    if let (false, Some(members)) = (typ.is_empty(), header.as_object_mut()) {
        members.insert("typ".to_owned(), typ.into());
    }
    format!("{}.", URL_SAFE_NO_PAD.encode(header.to_string()))
}
