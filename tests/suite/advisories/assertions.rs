//! What clients sign to say who they are.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use crate::harness::{Answer, ClientKey, ISSUER, KeyPage, TestApp, TokenRequest, compact, seed, with_assertion};

fn request() -> TokenRequest {
    TokenRequest::client_credentials(seed::BATCH)
}

async fn signing() -> (TestApp, ClientKey) {
    let (app, key) = (TestApp::start().await, ClientKey::new("1"));
    app.client_signs(seed::BATCH, Some(key.jwks()), None).await;
    (app, key)
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "1" })
}

async fn present(app: &TestApp, assertion: &str) -> Answer {
    app.token(with_assertion(request(), assertion)).await
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Ory Hydra and fosite: the same assertion was taken again, since nobody looked whether its `jti` had been there.
#[tokio::test]
async fn cve_2020_15222_2020_5300_an_assertion_is_taken_once() {
    let (mut app, key) = signing().await;
    let assertion = key.assertion(&app, seed::BATCH);
    present(&app, &assertion).await.expect(200);
    present(&app, &assertion).await.expect_error(401, "invalid_client");
    app.restart().await;
    present(&app, &assertion).await.expect_error(401, "invalid_client");
    let mut without = ClientKey::claims(&app, seed::BATCH);
    without.as_object_mut().unwrap().remove("jti");
    present(&app, &key.sign(&header(), &without)).await.expect_error(401, "invalid_client");
}

/// Keycloak: what was used was remembered for as long as the assertion said of itself, in memory, until there was none left.
#[tokio::test]
async fn cve_2025_2559_what_is_remembered_is_little_and_not_for_long() {
    let (app, key) = signing().await;
    let before = app.snapshot().await.rows("spent");
    for (claim, value) in [("exp", json!(app.now().secs() + 100_000_000)), ("exp", Value::Null), ("jti", json!("j".repeat(5000)))] {
        let mut claims = ClientKey::claims(&app, seed::BATCH);
        claims[claim] = value;
        present(&app, &key.sign(&header(), &claims)).await.expect_error(401, "invalid_client");
    }
    let stranger = ClientKey::new("1");
    present(&app, &stranger.assertion(&app, seed::BATCH)).await.expect_error(401, "invalid_client");
    assert_eq!(app.snapshot().await.rows("spent"), before, "nothing is remembered of what is refused");
    let mut claims = ClientKey::claims(&app, seed::BATCH);
    claims["jti"] = json!("j".repeat(256));
    present(&app, &key.sign(&header(), &claims)).await.expect(200);
    let after = app.snapshot().await;
    assert_eq!(after.rows("spent"), before + 1);
    assert!(after.0["spent"].iter().all(|row| row.len() < 120), "a digest, however long it was: {:?}", after.0["spent"]);
    app.seconds_pass(3 * 3600);
    vestibule::jobs::purge::once(&app.app, "here").await.unwrap();
    assert!(app.snapshot().await.rows("spent") <= before);
}

/// OpenID Connect Core and RFC 7523 themselves: an assertion made for one server was good at another, whose address its audience could be made to name.
#[tokio::test]
async fn cve_2025_27370_2025_27371_the_audience_is_this_server_alone() {
    let (app, key) = signing().await;
    let (token, list) = (format!("{ISSUER}/token"), json!([ISSUER]));
    for audience in
        [json!(token), json!(format!("{ISSUER}/")), list, json!([ISSUER, "https://evil.example"]), json!("https://evil.example"), json!({})]
    {
        let mut claims = ClientKey::claims(&app, seed::BATCH);
        claims["aud"] = audience.clone();
        let answer = present(&app, &key.sign(&header(), &claims)).await;
        answer.expect_error(401, "invalid_client");
        assert!(answer.text().contains("must be the issuer"), "{audience}: {answer:?}");
    }
    present(&app, &key.assertion(&app, seed::BATCH)).await.expect(200);
}

/// Libraries: the algorithm of the header made a secret of the public key.
#[tokio::test]
async fn cve_2015_9235_2016_10555_a_public_key_is_no_secret() {
    let (app, key) = signing().await;
    let public = key.public();
    let coordinates = format!("{}{}", public["x"].as_str().unwrap(), public["y"].as_str().unwrap());
    for secret in [public.to_string(), key.jwks().to_string(), coordinates, public["x"].as_str().unwrap().to_owned(), String::new()] {
        for alg in ["HS256", "ES256", "hs256"] {
            let input = compact(&json!({ "alg": alg, "kid": "1" }), &ClientKey::claims(&app, seed::BATCH));
            let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&input).finalize().into_bytes();
            present(&app, &format!("{input}.{}", encoded(&mac))).await.expect_error(401, "invalid_client");
        }
    }
    for alg in ["none", "None", "NONE"] {
        let input = compact(&json!({ "alg": alg }), &ClientKey::claims(&app, seed::BATCH));
        present(&app, &format!("{input}.")).await.expect_error(401, "invalid_client");
    }
}

/// Authlib and node-jose: the token brought the key to verify it with.
#[tokio::test]
async fn cve_2026_27962_2018_0114_no_key_comes_with_the_token() {
    let (app, _) = signing().await;
    let stranger = ClientKey::new("1");
    let page = KeyPage::showing(&stranger.jwks()).await;
    for (name, value) in [("jwk", stranger.public()), ("jku", json!(page.url)), ("x5u", json!(page.url)), ("x5c", json!(["MIIB"]))] {
        let mut header = header();
        header[name] = value;
        present(&app, &stranger.sign(&header, &ClientKey::claims(&app, seed::BATCH))).await.expect_error(401, "invalid_client");
    }
    assert_eq!(page.calls(), 0);
}

/// Authlib: extensions that must be understood were not looked at.
#[tokio::test]
async fn cve_2025_59420_what_must_be_understood_is_not_passed_over() {
    let (app, key) = signing().await;
    for (name, value) in [("crit", json!(["cnf"])), ("crit", json!(["b64"])), ("crit", json!([])), ("b64", json!(false))] {
        let mut header = header();
        header[name] = value;
        present(&app, &key.sign(&header, &ClientKey::claims(&app, seed::BATCH))).await.expect_error(401, "invalid_client");
    }
}

/// Java: a signature of zeros was right for every key and every text.
#[tokio::test]
async fn cve_2022_21449_a_signature_of_nothing_is_none() {
    let (app, _) = signing().await;
    for signature in [vec![0; 64], vec![0; 0], vec![0; 63], vec![0xff; 64], vec![0x30, 6, 2, 1, 0, 2, 1, 0]] {
        let input = compact(&header(), &ClientKey::claims(&app, seed::BATCH));
        present(&app, &format!("{input}.{}", encoded(&signature))).await.expect_error(401, "invalid_client");
    }
}
