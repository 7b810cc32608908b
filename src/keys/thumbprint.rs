//! JWK thumbprints (RFC 7638).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::secret::Digest;

/// The SHA-256 thumbprint of a public JWK, base64url. `None` for key types we do not use or when a member is missing.
pub(super) fn of(jwk: &Map<String, Value>) -> Option<String> {
    // The required members of each type, in lexicographic order (RFC 7638 §3.2, RFC 8037 §2).
    let members: &[&str] = match jwk.get("kty")?.as_str()? {
        "EC" => &["crv", "kty", "x", "y"],
        "RSA" => &["e", "kty", "n"],
        "OKP" => &["crv", "kty", "x"],
        _ => return None,
    };
    let pairs: Option<Vec<String>> =
        members.iter().map(|name| Some(format!("\"{name}\":{}", Value::from(jwk.get(*name)?.as_str()?)))).collect();
    let canonical = format!("{{{}}}", pairs?.join(","));
    Some(URL_SAFE_NO_PAD.encode(Digest::of(canonical.as_bytes()).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thumbprint(jwk: &Value) -> Option<String> {
        of(jwk.as_object().unwrap())
    }

    #[test]
    fn agrees_with_the_example_of_rfc_7638() {
        let jwk = serde_json::json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
                  tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91\
                  CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "alg": "RS256",
            "kid": "2011-04-29"
        });
        assert_eq!(thumbprint(&jwk).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn agrees_with_the_example_of_rfc_8037() {
        let jwk = serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        assert_eq!(thumbprint(&jwk).unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn members_beside_the_required_ones_do_not_count() {
        let bare = thumbprint(&serde_json::json!({ "kty": "EC", "crv": "P-256", "x": "a", "y": "b" })).unwrap();
        assert_eq!(thumbprint(&serde_json::json!({ "use": "sig", "y": "b", "x": "a", "crv": "P-256", "kty": "EC" })).unwrap(), bare);
        assert!(thumbprint(&serde_json::json!({ "kty": "EC", "crv": "P-256", "x": "a" })).is_none());
        assert!(thumbprint(&serde_json::json!({ "kty": "oct", "k": "a" })).is_none());
    }
}
