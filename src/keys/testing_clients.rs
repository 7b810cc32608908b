//! For tests: clients with a key of their own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::{Ed25519, Jwk, KeyPair};
use josekit::jws::{ES256, ES384, EdDSA, JwsSigner, PS256, RS256};
use serde_json::Value;

use crate::store::assertion_algorithm::AssertionAlgorithm;

pub(crate) struct ClientSigner {
    pub(crate) algorithm: AssertionAlgorithm,
    public: Jwk,
    private: Jwk,
    signer: Box<dyn JwsSigner>,
}

impl ClientSigner {
    pub(crate) fn new(algorithm: AssertionAlgorithm) -> Self {
        let pair: Box<dyn KeyPair> = match algorithm {
            AssertionAlgorithm::RS256 => Box::new(RS256.generate_key_pair(2048).unwrap()),
            AssertionAlgorithm::PS256 => Box::new(josekit::jwk::alg::rsa::RsaKeyPair::generate(2048).unwrap()),
            AssertionAlgorithm::ES256 => Box::new(ES256.generate_key_pair().unwrap()),
            AssertionAlgorithm::ES384 => Box::new(ES384.generate_key_pair().unwrap()),
            AssertionAlgorithm::EdDSA => Box::new(EdDSA.generate_key_pair(Ed25519).unwrap()),
        };
        let (public, private) = (pair.to_jwk_public_key(), pair.to_jwk_private_key());
        let signer: Box<dyn JwsSigner> = match algorithm {
            AssertionAlgorithm::RS256 => Box::new(RS256.signer_from_jwk(&private).unwrap()),
            AssertionAlgorithm::PS256 => Box::new(PS256.signer_from_jwk(&bare(&private)).unwrap()),
            AssertionAlgorithm::ES256 => Box::new(ES256.signer_from_jwk(&private).unwrap()),
            AssertionAlgorithm::ES384 => Box::new(ES384.signer_from_jwk(&private).unwrap()),
            AssertionAlgorithm::EdDSA => Box::new(EdDSA.signer_from_jwk(&private).unwrap()),
        };
        Self { algorithm, public, private, signer }
    }

    /// The public key under this id, with nothing said about its use.
    pub(crate) fn public(&self, kid: &str) -> Value {
        named(&self.public, kid)
    }

    pub(crate) fn private(&self, kid: &str) -> Value {
        named(&self.private, kid)
    }

    /// A compact JWS, with whatever header.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = input(header, claims);
        let signature = self.signer.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A compact JWS with whatever signature.
pub(crate) fn compact(header: &Value, claims: &Value, signature: &[u8]) -> String {
    format!("{}.{}", input(header, claims), URL_SAFE_NO_PAD.encode(signature))
}

fn input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn named(jwk: &Jwk, kid: &str) -> Value {
    let mut jwk = bare(jwk);
    jwk.set_key_id(kid);
    Value::Object(jwk.as_ref().clone())
}

fn bare(jwk: &Jwk) -> Jwk {
    let mut members = jwk.as_ref().clone();
    for name in ["alg", "use", "key_ops"] {
        members.remove(name);
    }
    Jwk::from_map(members).unwrap()
}
