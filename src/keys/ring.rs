//! The key ring.

use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::secret::Sealer;
use crate::store::signing_keys::Algorithm;
use crate::store::{self, Store};

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the key-encryption key in {directory} is not the one this database was made with")]
    WrongKeyEncryptionKey { directory: String },
    #[error("key: {0}")]
    Key(String),
}

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    Next,
    Active,
    Retiring,
}

/// A key as operators see it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct KeyInfo {
    pub kid: String,
    pub algorithm: Algorithm,
    pub state: KeyState,
    pub created_at: Timestamp,
    pub active_at: Timestamp,
    pub retires_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

/// A loaded private key: built once, shared by all requests.
pub struct Signer {}

impl Signer {
    #[must_use]
    pub fn kid(&self) -> &str {
        todo!()
    }

    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        todo!()
    }

    /// The public JWK, as in the JWKS.
    #[must_use]
    pub fn public_jwk(&self) -> &serde_json::Value {
        todo!()
    }

    /// Signs raw bytes (for `openidconnect::PrivateSigningKey`).
    ///
    /// # Errors
    /// What OpenSSL says.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        todo!()
    }

    /// A compact JWS with `alg`, `kid` and this `typ` (header bytes prebuilt), over `claims`.
    ///
    /// # Errors
    /// What OpenSSL says.
    pub fn sign_jwt<T: serde::Serialize>(&self, typ: &'static str, claims: &T) -> Result<String, KeyError> {
        todo!()
    }
}

/// All keys in force. Cheap to clone; the content is swapped when keys change.
#[derive(Clone)]
pub struct KeyRing {}

impl KeyRing {
    /// Loads the ring from the store; makes what is missing: one active key per algorithm (RS256 and PS256 share an RSA key pair but
    /// not a `kid`), and takes in `*.pem` files from the key directory. Refuses a key-encryption key that is not the database's.
    ///
    /// # Errors
    /// When the store fails or a key cannot be opened.
    pub async fn load(store: &Store, sealer: &Arc<Sealer>, config: &config::Keys, clock: &Arc<dyn Clock>) -> Result<Self, KeyError> {
        todo!()
    }

    /// Reads the store again, so that replicas agree: plans and makes the next keys when their time has come, drops those that are gone.
    pub async fn refresh(&self) -> Result<(), KeyError> {
        todo!()
    }

    /// Makes new keys now: they are published at once and sign after `publish_before_use`, or at once with `immediately`.
    /// Answers the new `kid`s.
    pub async fn rotate(&self, immediately: bool) -> Result<Vec<String>, KeyError> {
        todo!()
    }

    #[must_use]
    pub fn list(&self) -> Vec<KeyInfo> {
        todo!()
    }

    /// The key that signs now.
    pub fn signer(&self, algorithm: Algorithm) -> Result<Arc<Signer>, KeyError> {
        todo!()
    }

    /// Checks a compact JWS that claims to be ours: at most 8 KiB, `kid` one of ours, `alg` that key's, `typ` as expected (`None`: an
    /// ID token, which has none or `JWT`), no `crit`, `jku`, `jwk`, `x5u`, `x5c`. Answers the claims; `exp` and the rest are the caller's to check.
    pub fn verify(&self, token: &str, typ: Option<&str>) -> Result<serde_json::Map<String, serde_json::Value>, VerifyError> {
        todo!()
    }

    /// The JWKS document and its entity tag, prerendered.
    #[must_use]
    pub fn jwks(&self) -> (bytes::Bytes, String) {
        todo!()
    }
}
