//! Public keys of clients: the JWK Set with which they sign what proves who they are.
//!
//! The document is somebody else's. It is bounded, and one that shows a private or symmetric key, or two keys under one id, is refused whole: whoever
//! publishes those has other troubles. Keys that are for something else are passed over, as RFC 7517 §5 asks.
//! RFC 7517 §4, §5; RFC 7518 §6; RFC 8037 §2; RFC 8725 §3.5.

use josekit::JoseError;
use josekit::jwk::Jwk;
use josekit::jws::{ES256, ES384, EdDSA, JwsVerifier, PS256, RS256};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::public_jwk::{self, Form};
use super::signed_assertion::SignedAssertion;
use crate::store::assertion_algorithm::AssertionAlgorithm;

/// The longest document, in bytes.
pub const MAX_KEY_SET: usize = 64 * 1024;
/// Keys in one document, those that are passed over among them.
const MAX_KEYS: usize = 32;
/// The longest key id, in bytes.
pub(super) const MAX_KID: usize = 256;

/// Why a JWK Set is refused, in words for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeySetProblem(String);

/// Why an assertion is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionFailure {
    /// None of these keys is the one that it names, or fits its algorithm.
    UnknownKey,
    /// It names no key, and several could be meant (OpenID Connect Core §10.1).
    KeyNotNamed,
    Signature,
}

/// Keys of one client.
#[derive(Debug)]
pub struct ClientKeys(Vec<ClientKey>);

#[derive(Debug)]
struct ClientKey {
    kid: String,
    /// By each algorithm that the key may be used with.
    verifiers: Vec<(AssertionAlgorithm, Box<dyn JwsVerifier>)>,
}

/// A document that was read, and why keys in it are not used.
#[derive(Debug)]
pub struct ReadKeys {
    pub keys: ClientKeys,
    pub passed_over: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Map<String, Value>>,
}

impl ClientKeys {
    /// Reads a JWK Set.
    ///
    /// # Errors
    /// It is no set, is too long, has a key that is not public, two keys under one id, or none to verify with.
    pub fn read(text: &str) -> Result<ReadKeys, KeySetProblem> {
        let problem = |text: String| KeySetProblem(text);
        if text.len() > MAX_KEY_SET {
            return Err(problem(format!("the document is longer than {MAX_KEY_SET} bytes")));
        }
        let document: Document =
            serde_json::from_str(text).map_err(|error| problem(format!("not a JWK Set ({{\"keys\": [...]}}): {error}")))?;
        if document.keys.len() > MAX_KEYS {
            return Err(problem(format!("has {} keys; at most {MAX_KEYS} are read", document.keys.len())));
        }
        let (mut keys, mut passed_over) = (Vec::<ClientKey>::new(), Vec::new());
        for (at, jwk) in document.keys.iter().enumerate() {
            let named = |what: &str| format!("key {}: {what}", at + 1);
            public_jwk::refuse_private(jwk).map_err(|what| problem(named(what)))?;
            match read_key(jwk) {
                Ok(key) if keys.iter().any(|other| other.kid == key.kid) => return Err(problem(named("its kid is that of another key"))),
                Ok(key) => keys.push(key),
                Err(reason) => passed_over.push(named(&reason)),
            }
        }
        if keys.is_empty() {
            let reasons = if passed_over.is_empty() { "it is empty".to_owned() } else { passed_over.join("; ") };
            return Err(problem(format!("has no key to verify signatures with: {reasons}")));
        }
        Ok(ReadKeys { keys: Self(keys), passed_over })
    }

    /// Whether one of them can be used with this algorithm.
    #[must_use]
    pub fn fit(&self, algorithm: AssertionAlgorithm) -> bool {
        self.0.iter().any(|key| key.verifier(algorithm).is_some())
    }

    /// Whether one of these keys signed it.
    ///
    /// # Errors
    /// Why not.
    pub fn verify(&self, assertion: &SignedAssertion) -> Result<(), AssertionFailure> {
        let named = self.0.iter().filter(|key| assertion.kid().is_none_or(|kid| kid == key.kid));
        let mut verifiers = named.filter_map(|key| key.verifier(assertion.algorithm()));
        let verifier = verifiers.next().ok_or(AssertionFailure::UnknownKey)?;
        if verifiers.next().is_some() {
            return Err(AssertionFailure::KeyNotNamed);
        }
        if assertion.is_signed_with(verifier) { Ok(()) } else { Err(AssertionFailure::Signature) }
    }
}

/// Verifies with a key whose private half nobody has, for who has no key to verify with: it takes as long, and says as much.
pub struct NobodysKeys(Option<ClientKeys>);

impl NobodysKeys {
    #[must_use]
    pub fn read() -> Self {
        Self(ClientKeys::read(include_str!("nobodys_keys.json")).ok().map(|read| read.keys))
    }

    pub fn verify(&self, assertion: &SignedAssertion) -> bool {
        let mut keys = self.0.iter().flat_map(|keys| &keys.0);
        let verifier = keys.find_map(|key| key.verifier(assertion.algorithm()));
        std::hint::black_box(verifier.is_some_and(|verifier| assertion.is_signed_with(verifier)))
    }
}

impl ClientKey {
    fn verifier(&self, algorithm: AssertionAlgorithm) -> Option<&dyn JwsVerifier> {
        self.verifiers.iter().find(|(of, _)| *of == algorithm).map(|(_, verifier)| &**verifier)
    }
}

/// One key, or why it is of no use here.
fn read_key(jwk: &Map<String, Value>) -> Result<ClientKey, String> {
    let Form { kid, algorithms, members } = public_jwk::read(jwk)?;
    if kid.len() > MAX_KID {
        return Err(format!("its kid is longer than {MAX_KID} bytes"));
    }
    let verifiers: Result<Vec<_>, JoseError> =
        algorithms.into_iter().map(|algorithm| Ok((algorithm, verifier(algorithm, members.clone())?))).collect();
    let verifiers = verifiers.map_err(|_| "its numbers are not those of such a key".to_owned())?;
    Ok(ClientKey { kid, verifiers })
}

fn verifier(algorithm: AssertionAlgorithm, members: Map<String, Value>) -> Result<Box<dyn JwsVerifier>, JoseError> {
    let jwk = Jwk::from_map(members)?;
    Ok(match algorithm {
        AssertionAlgorithm::RS256 => Box::new(RS256.verifier_from_jwk(&jwk)?),
        AssertionAlgorithm::PS256 => Box::new(PS256.verifier_from_jwk(&jwk)?),
        AssertionAlgorithm::ES256 => Box::new(ES256.verifier_from_jwk(&jwk)?),
        AssertionAlgorithm::ES384 => Box::new(ES384.verifier_from_jwk(&jwk)?),
        AssertionAlgorithm::EdDSA => Box::new(EdDSA.verifier_from_jwk(&jwk)?),
    })
}

#[cfg(test)]
#[path = "client_keys_tests.rs"]
mod tests;
