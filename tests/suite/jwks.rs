//! The key set: RFC 7517, RFC 7638, OpenID Connect Core §10.1.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vestibule::secret::Digest;

use crate::harness::{TestApp, TokenRequest, header_of, seed};

fn keys(jwks: &Value) -> Vec<Value> {
    jwks["keys"].as_array().unwrap().clone()
}

/// RFC 7517 §4, RFC 7518 §6: `d`, `p`, `q`, `dp`, `dq`, `qi`, `k`, `oth` are private.
#[tokio::test]
async fn only_public_members_are_published() {
    let app = TestApp::start().await;
    for key in keys(&app.get("/jwks").await.expect(200).json()) {
        for member in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(key.get(member).is_none(), "{member} is in the key set: {key}");
        }
        assert_eq!(key["use"], "sig");
    }
}

/// RFC 7517 §4.4: one key per algorithm at least, each with its `alg`.
#[tokio::test]
async fn there_is_a_key_for_every_algorithm() {
    let app = TestApp::start().await;
    let keys = keys(&app.get("/jwks").await.json());
    for (algorithm, kty) in [("RS256", "RSA"), ("PS256", "RSA"), ("ES256", "EC"), ("EdDSA", "OKP")] {
        assert!(keys.iter().any(|key| key["alg"] == algorithm && key["kty"] == kty), "{algorithm}");
    }
}

/// RFC 7638 §3: the `kid` is the SHA-256 thumbprint of the required members, and unique.
#[tokio::test]
async fn every_kid_is_the_thumbprint_of_its_key() {
    let app = TestApp::start().await;
    let mut seen = Vec::new();
    for key in keys(&app.get("/jwks").await.json()) {
        let required = match key["kty"].as_str().unwrap() {
            "RSA" => json!({ "e": key["e"], "kty": "RSA", "n": key["n"] }),
            "EC" => json!({ "crv": key["crv"], "kty": "EC", "x": key["x"], "y": key["y"] }),
            "OKP" => json!({ "crv": key["crv"], "kty": "OKP", "x": key["x"] }),
            other => panic!("{other}"),
        };
        let thumbprint = URL_SAFE_NO_PAD.encode(Digest::of(required.to_string().as_bytes()).as_bytes());
        assert_eq!(key["kid"], thumbprint, "{key}");
        assert!(!seen.contains(&thumbprint), "two keys with one kid");
        seen.push(thumbprint);
    }
}

/// OpenID Connect Core §10.1.1: relying parties keep the set for a while, and ask again cheaply.
#[tokio::test]
async fn it_can_be_cached_and_revalidated() {
    let app = TestApp::start().await;
    let answer = app.get("/jwks").await.expect(200);
    assert!(answer.header("cache-control").contains("max-age=600"), "{answer:?}");
    let tag = answer.header("etag").to_owned();
    let again = http::Request::get("/jwks").header("if-none-match", tag).body(axum::body::Body::empty()).unwrap();
    assert!(app.send(again).await.expect(304).body.is_empty());
}

/// OpenID Connect Core §10.1.1: the new key is published before it signs, the old one stays after it has signed for the last time.
#[tokio::test]
async fn rotation_publishes_the_new_key_first_and_keeps_the_old_one() {
    let app = TestApp::start().await;
    let before = keys(&app.get("/jwks").await.json());
    let signed_before = kid_of_access_token(&app).await;
    let new = app.app.keys.rotate(false).await.unwrap();
    let published = keys(&app.get("/jwks").await.json());
    for key in &before {
        assert!(published.contains(key), "an old key is gone");
    }
    for kid in &new {
        assert!(published.iter().any(|key| key["kid"] == **kid), "a new key is not published");
    }
    assert_eq!(kid_of_access_token(&app).await, signed_before, "the new key signs before anybody can know it");

    app.advance(app.app.config.keys.publish_before_use.0);
    app.app.keys.refresh().await.unwrap();
    let signed_after = kid_of_access_token(&app).await;
    assert!(new.contains(&signed_after));
    let published = keys(&app.get("/jwks").await.json());
    assert!(published.iter().any(|key| key["kid"] == signed_before), "tokens of the old key can no longer be verified");
}

/// After an emergency rotation new tokens come from the new key as soon as every replica publishes it, and tokens of the old one still verify.
#[tokio::test]
async fn immediate_rotation_signs_with_the_new_key_within_seconds() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let new = app.app.keys.rotate(true).await.unwrap();
    app.advance(std::time::Duration::from_secs(3));
    assert!(new.contains(&kid_of_access_token(&app).await));
    assert!(app.is_alive(tokens["access_token"].as_str().unwrap()).await);
}

async fn kid_of_access_token(app: &TestApp) -> String {
    let json = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200).json();
    header_of(json["access_token"].as_str().unwrap())["kid"].as_str().unwrap().to_owned()
}
