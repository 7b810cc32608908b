//! Key pairs: made, taken from PEM, opened. Private keys travel as PKCS #8 DER and are wiped after use.

use josekit::JoseError;
use josekit::jwk::{Ed25519, Jwk, KeyPair};
use josekit::jws::{ES256, EdDSA, JwsSigner, JwsVerifier, PS256, RS256};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::ring::KeyError;
use super::thumbprint;
use crate::store::signing_keys::Algorithm;

/// NIST SP 800-57: 112 bits of strength. Relying parties pay for every bit more at each verification.
const RSA_BITS: u32 = 2048;

/// A private key, PKCS #8 DER.
pub(super) type Pkcs8 = Zeroizing<Vec<u8>>;

/// A key pair ready for use.
pub(super) struct KeyMaterial {
    pub(super) kid: String,
    /// Public members only, with `use`, `alg` and `kid`.
    pub(super) public_jwk: Map<String, Value>,
    pub(super) signer: Box<dyn JwsSigner>,
    pub(super) verifier: Box<dyn JwsVerifier>,
}

/// A new key pair. RSA takes a tenth of a second and more: not on an async thread.
pub(super) fn generate(algorithm: Algorithm) -> Result<Pkcs8, KeyError> {
    let pair: Result<Box<dyn KeyPair>, JoseError> = match algorithm {
        Algorithm::RS256 => RS256.generate_key_pair(RSA_BITS).map(boxed),
        Algorithm::PS256 => PS256.generate_key_pair(RSA_BITS).map(boxed),
        Algorithm::ES256 => ES256.generate_key_pair().map(boxed),
        Algorithm::EdDSA => EdDSA.generate_key_pair(Ed25519).map(boxed),
    };
    pair.map(|pair| Zeroizing::new(pair.to_der_private_key())).map_err(|error| key_error(algorithm, &error))
}

/// The private key in a PEM text and the algorithm it is for: RSA signs RS256 (PS256 when the key says RSASSA-PSS), P-256 ES256,
/// Ed25519 EdDSA. `None` for anything else, for RSA below 2048 bits and for keys under a passphrase.
pub(super) fn from_pem(pem: &[u8]) -> Option<(Algorithm, Pkcs8)> {
    Algorithm::ALL.into_iter().find_map(|algorithm| {
        let pair: Box<dyn KeyPair> = match algorithm {
            Algorithm::RS256 => RS256.key_pair_from_pem(pem).map(boxed).ok()?,
            Algorithm::PS256 => PS256.key_pair_from_pem(pem).map(boxed).ok()?,
            Algorithm::ES256 => ES256.key_pair_from_pem(pem).map(boxed).ok()?,
            Algorithm::EdDSA => EdDSA.key_pair_from_pem(pem).map(boxed).ok()?,
        };
        let der = Zeroizing::new(pair.to_der_private_key());
        open(algorithm, &der).ok().map(|_| (algorithm, der))
    })
}

/// Builds signer and verifier from a private key.
pub(super) fn open(algorithm: Algorithm, der: &[u8]) -> Result<KeyMaterial, KeyError> {
    let failed = |error: JoseError| key_error(algorithm, &error);
    let (jwk, signer): (Jwk, Box<dyn JwsSigner>) = match algorithm {
        Algorithm::RS256 => {
            (RS256.key_pair_from_der(der).map_err(failed)?.to_jwk_public_key(), Box::new(RS256.signer_from_der(der).map_err(failed)?))
        }
        Algorithm::PS256 => {
            (PS256.key_pair_from_der(der).map_err(failed)?.to_jwk_public_key(), Box::new(PS256.signer_from_der(der).map_err(failed)?))
        }
        Algorithm::ES256 => {
            (ES256.key_pair_from_der(der).map_err(failed)?.to_jwk_public_key(), Box::new(ES256.signer_from_der(der).map_err(failed)?))
        }
        Algorithm::EdDSA => {
            (EdDSA.key_pair_from_der(der).map_err(failed)?.to_jwk_public_key(), Box::new(EdDSA.signer_from_der(der).map_err(failed)?))
        }
    };
    let (kid, public_jwk) = publish(algorithm, jwk.as_ref())?;
    let verifier = verifier(algorithm, &public_jwk)?;
    Ok(KeyMaterial { kid, public_jwk, signer, verifier })
}

/// Builds a verifier from a public key.
pub(super) fn verifier(algorithm: Algorithm, public_jwk: &Map<String, Value>) -> Result<Box<dyn JwsVerifier>, KeyError> {
    let failed = |error: JoseError| key_error(algorithm, &error);
    let public = Jwk::from_map(public_jwk.clone()).map_err(failed)?;
    Ok(match algorithm {
        Algorithm::RS256 => Box::new(RS256.verifier_from_jwk(&public).map_err(failed)?),
        Algorithm::PS256 => Box::new(PS256.verifier_from_jwk(&public).map_err(failed)?),
        Algorithm::ES256 => Box::new(ES256.verifier_from_jwk(&public).map_err(failed)?),
        Algorithm::EdDSA => Box::new(EdDSA.verifier_from_jwk(&public).map_err(failed)?),
    })
}

/// The JWK as it is published: the public members we name and no other, whatever the library answered.
fn publish(algorithm: Algorithm, jwk: &Map<String, Value>) -> Result<(String, Map<String, Value>), KeyError> {
    let unfit = || KeyError::Key(format!("not a key for {}", algorithm.name()));
    // josekit takes Ed448 for EdDSA too; relying parties rarely do.
    if algorithm == Algorithm::EdDSA && jwk.get("crv").and_then(Value::as_str) != Some("Ed25519") {
        return Err(unfit());
    }
    let kid = thumbprint::of(jwk).ok_or_else(unfit)?;
    let mut public: Map<String, Value> =
        ["kty", "crv", "x", "y", "n", "e"].iter().filter_map(|name| Some(((*name).to_owned(), jwk.get(*name)?.clone()))).collect();
    public.insert("use".to_owned(), "sig".into());
    public.insert("alg".to_owned(), algorithm.name().into());
    public.insert("kid".to_owned(), kid.clone().into());
    Ok((kid, public))
}

fn boxed<P: KeyPair + 'static>(pair: P) -> Box<dyn KeyPair> {
    Box::new(pair)
}

fn key_error(algorithm: Algorithm, error: &JoseError) -> KeyError {
    KeyError::Key(format!("{}: {error}", algorithm.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_signs_what_its_public_key_verifies() {
        for algorithm in Algorithm::ALL {
            let key = open(algorithm, &generate(algorithm).unwrap()).unwrap();
            let signature = key.signer.sign(b"message").unwrap();
            assert!(key.verifier.verify(b"message", &signature).is_ok(), "{algorithm:?}");
            assert!(key.verifier.verify(b"another", &signature).is_err(), "{algorithm:?}");
            for nonsense in [vec![], vec![0; signature.len()], vec![0xFF; signature.len()], vec![1; signature.len() + 1]] {
                assert!(key.verifier.verify(b"message", &nonsense).is_err(), "{algorithm:?}");
            }
        }
    }

    #[test]
    fn only_public_members_are_published() {
        for algorithm in Algorithm::ALL {
            let jwk = open(algorithm, &generate(algorithm).unwrap()).unwrap().public_jwk;
            for secret in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(!jwk.contains_key(secret), "{algorithm:?} {secret}");
            }
            assert_eq!(jwk["use"], "sig");
            assert_eq!(jwk["alg"], algorithm.name());
            assert_eq!(jwk["kid"], thumbprint::of(&jwk).unwrap());
        }
    }

    #[test]
    fn pem_keys_name_their_algorithm() {
        let pairs: [(Algorithm, Box<dyn KeyPair>); 4] = [
            (Algorithm::RS256, Box::new(RS256.generate_key_pair(2048).unwrap())),
            (Algorithm::PS256, Box::new(PS256.generate_key_pair(2048).unwrap())),
            (Algorithm::ES256, Box::new(ES256.generate_key_pair().unwrap())),
            (Algorithm::EdDSA, Box::new(EdDSA.generate_key_pair(Ed25519).unwrap())),
        ];
        for (algorithm, pair) in pairs {
            assert_eq!(from_pem(&pair.to_pem_private_key()).unwrap().0, algorithm);
            assert!(from_pem(&pair.to_pem_public_key()).is_none(), "a public key signs nothing");
        }
    }

    #[test]
    fn unfit_pem_keys_are_refused() {
        let small = josekit::jwk::alg::rsa::RsaKeyPair::generate(1024).unwrap();
        assert!(from_pem(&small.to_pem_private_key()).is_none(), "RSA below 2048 bits");
        let other_curve = josekit::jws::ES384.generate_key_pair().unwrap();
        assert!(from_pem(&other_curve.to_pem_private_key()).is_none(), "P-384");
        let ed448 = EdDSA.generate_key_pair(josekit::jwk::Ed448).unwrap();
        assert!(from_pem(&ed448.to_pem_private_key()).is_none(), "Ed448");
        assert!(from_pem(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_none());
        assert!(from_pem(b"").is_none());
    }
}
