//! Rules for what a client registers about its keys (RFC 7591 §2, OpenID Connect Core §9).

use super::metadata::MetadataProblem;
use super::uri;
use crate::keys::ClientKeys;
use crate::store::clients::{AuthMethod, Metadata};

/// Every problem: `private_key_jwt` has keys, by value or by address; nobody else has any.
pub(super) fn check(metadata: &Metadata) -> Vec<MetadataProblem> {
    let mut problems = Vec::new();
    let mut add = |member: &'static str, problem: String| problems.push(MetadataProblem { member, problem });
    let given = [
        ("jwks", metadata.jwks.is_some()),
        ("jwks_uri", metadata.jwks_uri.is_some()),
        ("token_endpoint_auth_signing_alg", metadata.token_endpoint_auth_signing_alg.is_some()),
    ];
    if metadata.token_endpoint_auth_method != AuthMethod::PrivateKeyJwt {
        for (member, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            add(member, "useless without token_endpoint_auth_method private_key_jwt: remove it, or choose that".to_owned());
        }
        return problems;
    }
    match (&metadata.jwks, &metadata.jwks_uri) {
        (None, None) => add("token_endpoint_auth_method", "private_key_jwt needs the client's public keys: jwks or jwks_uri".to_owned()),
        (Some(_), Some(_)) => add("jwks_uri", "is there beside jwks: keep one of them (RFC 7591 §2)".to_owned()),
        (Some(jwks), None) => check_set(metadata, &jwks.to_string(), &mut add),
        (None, Some(address)) => {
            if let Err(problem) = uri::check_jwks(address) {
                add("jwks_uri", problem);
            }
        }
    }
    problems
}

/// Whoever registers a key that is never used has made a mistake, which is better said now.
fn check_set(metadata: &Metadata, jwks: &str, add: &mut impl FnMut(&'static str, String)) {
    match ClientKeys::read(jwks) {
        Err(problem) => add("jwks", problem.to_string()),
        Ok(read) => {
            for reason in read.passed_over {
                add("jwks", reason);
            }
            if let Some(algorithm) = metadata.token_endpoint_auth_signing_alg.filter(|algorithm| !read.keys.fit(*algorithm)) {
                add("token_endpoint_auth_signing_alg", format!("no key in jwks fits {}", algorithm.name()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::store::assertion_algorithm::AssertionAlgorithm;

    fn key() -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
    }

    fn signing(jwks: Option<Value>, jwks_uri: Option<&str>) -> Metadata {
        let token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        Metadata { token_endpoint_auth_method, jwks, jwks_uri: jwks_uri.map(str::to_owned), ..Metadata::default() }
    }

    fn broken(metadata: &Metadata) -> Vec<&'static str> {
        check(metadata).iter().map(|problem| problem.member).collect()
    }

    #[test]
    fn keys_are_registered_by_value_or_by_address_and_never_both() {
        let jwks = Some(json!({ "keys": [key()] }));
        assert_eq!(check(&signing(jwks.clone(), None)), []);
        assert_eq!(check(&signing(None, Some("https://app.example/jwks"))), []);
        assert_eq!(check(&signing(None, Some("http://app.default.svc/jwks"))), []);
        assert_eq!(broken(&signing(jwks, Some("https://app.example/jwks"))), ["jwks_uri"]);
        assert_eq!(broken(&signing(None, None)), ["token_endpoint_auth_method"]);
        for bad in
            ["http://app.example/jwks", "ftp://app.example/", "https://app.example/#x", "https://a:b@app.example/", "file:///etc/passwd"]
        {
            assert_eq!(broken(&signing(None, Some(bad))), ["jwks_uri"], "{bad}");
        }
    }

    #[test]
    fn only_who_signs_has_keys() {
        for method in [AuthMethod::None, AuthMethod::ClientSecretBasic] {
            let idle = Metadata {
                token_endpoint_auth_method: method,
                token_endpoint_auth_signing_alg: Some(AssertionAlgorithm::ES256),
                ..signing(Some(json!({ "keys": [key()] })), Some("https://app.example/jwks"))
            };
            assert_eq!(broken(&idle), ["jwks", "jwks_uri", "token_endpoint_auth_signing_alg"]);
        }
    }

    #[test]
    fn registered_keys_are_all_of_use() {
        assert_eq!(broken(&signing(Some(json!({ "keys": [] })), None)), ["jwks"]);
        assert_eq!(broken(&signing(Some(json!("keys")), None)), ["jwks"]);
        let for_secrets = json!({ "kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "enc" });
        assert_eq!(broken(&signing(Some(json!({ "keys": [key(), for_secrets] })), None)), ["jwks"]);
        let metadata = Metadata {
            token_endpoint_auth_signing_alg: Some(AssertionAlgorithm::PS256),
            ..signing(Some(json!({ "keys": [key()] })), None)
        };
        assert_eq!(broken(&metadata), ["token_endpoint_auth_signing_alg"]);
    }
}
