use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const ISSUER: &str = "https://id.example.com";
const OTHER: &str = "https://id.example.org";

/// What a provider answers, by the request's first words: status line, further heads, body.
type Answers = BTreeMap<&'static str, (&'static str, &'static str, String)>;

const DISCOVERY: &str = "GET /.well-known/openid-configuration";
const KEYS: &str = "GET /jwks";
const EMPTY: &str = "POST /token empty";
const FORM: &str = "POST /token form";

fn answers() -> Answers {
    let discovery = json!({
        "issuer": ISSUER,
        "jwks_uri": format!("{ISSUER}/jwks"),
        "token_endpoint": format!("{ISSUER}/token"),
        "id_token_signing_alg_values_supported": ["RS256", "EdDSA"],
    });
    let keys = json!({ "keys": [{ "kid": "a", "alg": "RS256", "use": "sig" }, { "kid": "b", "alg": "EdDSA", "use": "sig" }] });
    let error = |code: &str| json!({ "error": code }).to_string();
    let challenge = "www-authenticate: Basic realm=\"vestibule\"\r\n";
    BTreeMap::from([
        (DISCOVERY, ("200 OK", "", discovery.to_string())),
        (KEYS, ("200 OK", "", keys.to_string())),
        (EMPTY, ("400 Bad Request", "", error("invalid_request"))),
        (FORM, ("401 Unauthorized", challenge, error("invalid_client"))),
    ])
}

/// Answers every connection until the test is over. A body that is no JSON has another type.
async fn serve(answers: Answers) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let answers = Arc::new(answers);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answers = Arc::clone(&answers);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&request[..read]).into_owned();
                let line: String = text.split(' ').take(2).collect::<Vec<_>>().join(" ");
                let of_token = if text.contains("x-www-form-urlencoded") { FORM } else { EMPTY };
                let key = if line == "POST /token" { of_token } else { line.as_str() };
                let nothing = ("404 Not Found", "", "<p>nothing here".to_owned());
                let (status, heads, body) = answers.get(key).unwrap_or(&nothing);
                let kind = if body.starts_with('{') { "application/json; charset=utf-8" } else { "text/html" };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\n{heads}content-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    base
}

async fn found(answers: Answers, issuer: &str) -> Result<Provider, String> {
    let base = serve(answers).await;
    look(&Client::new(), &base, issuer).await.map_err(|failure| failure.to_string())
}

#[tokio::test]
async fn a_provider_that_applications_can_use_passes() {
    let provider = found(answers(), ISSUER).await.unwrap();
    assert_eq!((provider.keys, provider.algorithms), (2, vec!["RS256".to_owned(), "EdDSA".to_owned()]));
}

#[tokio::test]
async fn another_issuer_fails_and_both_are_named() {
    for other in [OTHER, "https://id.example.com/", "https://ID.example.com", ""] {
        let refused = found(answers(), other).await.unwrap_err();
        assert!(refused.contains(&format!("{ISSUER:?}, not {other:?}")) && refused.contains("server.public_url"), "{refused}");
    }
}

#[tokio::test]
async fn whatever_an_application_could_not_use_fails() {
    let member = |name: &str, value: Value| {
        let mut document: Value = serde_json::from_str(&answers()[DISCOVERY].2).unwrap();
        document[name] = value;
        (DISCOVERY, "200 OK", document.to_string())
    };
    let cases = [
        ((DISCOVERY, "200 OK", "<h1>Welcome to the proxy".to_owned()), "something else answers there"),
        ((DISCOVERY, "302 Found", "{".to_owned()), "not JSON"),
        (member("jwks_uri", json!(format!("{OTHER}/jwks"))), "is not below the issuer"),
        (member("token_endpoint", json!("https://id.example.com.evil.example/token")), "is not below the issuer"),
        (member("id_token_signing_alg_values_supported", json!([])), "for the 0 algorithms"),
        (member("id_token_signing_alg_values_supported", json!(["RS256", "ES256"])), "no key for ES256"),
        ((KEYS, "200 OK", json!({ "keys": [] }).to_string()), "has 0 keys"),
        ((EMPTY, "200 OK", "{}".to_owned()), "where RFC 6749 has 400 Bad Request"),
        ((EMPTY, "500 Internal Server Error", "oops".to_owned()), "not JSON"),
        ((FORM, "400 Bad Request", json!({ "error": "invalid_client" }).to_string()), "where RFC 6749 has 401 Unauthorized"),
        // Without the challenge of RFC 6749 §5.2.
        ((FORM, "401 Unauthorized", json!({ "error": "invalid_client" }).to_string()), "where RFC 6749 has"),
        ((KEYS, "200 OK", format!("{{\"keys\":\"{}\"}}", "x".repeat(MOST))), "is longer than"),
    ];
    for ((key, status, body), expected) in cases {
        let mut spoilt = answers();
        spoilt.insert(key, (status, "", body));
        let refused = found(spoilt, ISSUER).await.unwrap_err();
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
}
