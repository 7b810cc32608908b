//! Public keys on their own: verifying what we signed where there is neither key ring nor database.

use josekit::jws::JwsVerifier;
use serde_json::{Map, Value};

use super::verify::{self, VerifyError};
use super::{material, thumbprint};
use crate::store::signing_keys::Algorithm;

/// A public key of ours.
struct PublicKey {
    kid: String,
    algorithm: Algorithm,
    verifier: Box<dyn JwsVerifier>,
}

/// Keys by their ids, whatever their age: what they signed was right then.
#[derive(Default)]
pub struct PublicKeys(Vec<PublicKey>);

impl PublicKeys {
    /// Takes in a JWK. Whether it is a public key of a kind we sign with, under the id that is its thumbprint: nobody can pass off another key.
    pub fn insert(&mut self, kid: &str, public_jwk: &str) -> bool {
        let Ok(jwk) = serde_json::from_str::<Map<String, Value>>(public_jwk) else { return false };
        let named = |algorithm: &Algorithm| jwk.get("alg").and_then(Value::as_str) == Some(algorithm.name());
        let Some(algorithm) = Algorithm::ALL.into_iter().find(named) else { return false };
        if thumbprint::of(&jwk).as_deref() != Some(kid) {
            return false;
        }
        let Ok(verifier) = material::verifier(algorithm, &jwk) else { return false };
        if self.0.iter().all(|key| key.kid != kid) {
            self.0.push(PublicKey { kid: kid.to_owned(), algorithm, verifier });
        }
        true
    }

    /// Checks a compact JWS of this type; answers its key's id and its claims.
    ///
    /// # Errors
    /// Why it is not one of ours.
    pub fn verify(&self, token: &str, typ: &str) -> Result<(String, Map<String, Value>), VerifyError> {
        let find = |kid: &str| self.0.iter().find(|key| key.kid == kid).map(|key| (key.algorithm, &*key.verifier));
        verify::verify_with(token, Some(typ), find)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::testing;

    #[test]
    fn a_public_key_verifies_what_its_private_key_signed_and_nothing_else() {
        let ring = testing::ring(&testing::clock());
        for algorithm in Algorithm::ALL {
            let signer = ring.signer(algorithm).unwrap();
            let mut keys = PublicKeys::default();
            assert!(keys.insert(signer.kid(), &signer.public_jwk().to_string()));
            let token = signer.sign_jwt("audit-checkpoint+jwt", &json!({ "batch": 1 })).unwrap();
            let (kid, claims) = keys.verify(&token, "audit-checkpoint+jwt").unwrap();
            assert_eq!((kid.as_str(), &claims["batch"]), (signer.kid(), &json!(1)));
            assert_eq!(keys.verify(&token, "at+jwt"), Err(VerifyError::WrongType));
            assert_eq!(PublicKeys::default().verify(&token, "audit-checkpoint+jwt"), Err(VerifyError::UnknownKey));
        }
    }

    #[test]
    fn a_key_under_another_id_is_refused() {
        let ring = testing::ring(&testing::clock());
        let (one, other) = (ring.signer(Algorithm::ES256).unwrap(), ring.signer(Algorithm::EdDSA).unwrap());
        let mut keys = PublicKeys::default();
        assert!(!keys.insert(one.kid(), &other.public_jwk().to_string()));
        for nonsense in ["", "[]", "{}", r#"{"kty":"EC","alg":"ES256"}"#, r#"{"kty":"oct","k":"AA","alg":"HS256"}"#] {
            assert!(!keys.insert(one.kid(), nonsense), "{nonsense}");
        }
    }
}
