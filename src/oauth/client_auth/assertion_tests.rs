use http::StatusCode;
use serde_json::json;

use super::*;
use crate::keys::testing_clients::{ClientSigner, compact};
use crate::oauth::testing::{Answer, House};
use crate::store::assertion_algorithm::AssertionAlgorithm;

/// A house in which `service` signs assertions, and its key.
async fn signing(algorithm: AssertionAlgorithm) -> (House, ClientSigner) {
    let (house, signer) = (House::open().await, ClientSigner::new(algorithm));
    register(&house, "service", &signer).await;
    (house, signer)
}

async fn register(house: &House, client_id: &str, signer: &ClientSigner) {
    let jwks = json!({ "keys": [signer.public("k")] });
    let change = |client: &mut Client| {
        client.metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        client.metadata.jwks = Some(jwks.clone());
        client.updated_at = client.updated_at.plus(Duration::from_secs(1));
    };
    house.update_client(client_id, change).await;
}

fn claims(house: &House, jti: &str) -> Value {
    let now = house.app.now().secs();
    json!({ "iss": "service", "sub": "service", "aud": house.app.issuer.as_str(), "exp": now + 60, "iat": now, "jti": jti })
}

fn token(signer: &ClientSigner, claims: &Value) -> String {
    signer.sign(&json!({ "alg": signer.algorithm.name(), "kid": "k" }), claims)
}

async fn present(house: &House, path: &str, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let own = [("client_assertion_type", TYPE), ("client_assertion", assertion)];
    let form: Vec<_> = own.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name)).chain(more).copied().collect();
    house.post_as_public(path, &form).await
}

async fn ask(house: &House, assertion: &str) -> Answer {
    present(house, "/token", assertion, &[("grant_type", "client_credentials")]).await
}

#[tokio::test]
async fn every_algorithm_is_taken_at_every_endpoint() {
    for algorithm in AssertionAlgorithm::ALL {
        let (house, signer) = signing(algorithm).await;
        let sign = |jti: &str| token(&signer, &claims(&house, jti));
        let issued = ask(&house, &sign("1")).await;
        assert_eq!(issued.status, StatusCode::OK, "{algorithm:?} {issued:?}");
        let access = issued.text("access_token");
        let seen = present(&house, "/introspect", &sign("2"), &[("token", &access)]).await;
        assert_eq!((seen.status, &seen.json["active"]), (StatusCode::OK, &json!(true)), "{algorithm:?}");
        assert_eq!(present(&house, "/revoke", &sign("3"), &[("token", &access)]).await.status, StatusCode::OK);
        assert_eq!(present(&house, "/introspect", &sign("4"), &[("token", &access)]).await.json["active"], false);
    }
}

/// What changes a claim, whether it is taken, and a word of the reason otherwise.
type Case = (&'static str, Value, Option<&'static str>);

#[tokio::test]
async fn each_claim_is_held_against_the_rules() {
    let (house, signer) = signing(AssertionAlgorithm::ES256).await;
    let (now, issuer) = (house.app.now().secs(), house.app.issuer.as_str().to_owned());
    let cases: Vec<Case> = vec![
        ("iss", json!("app"), Some("iss and sub")),
        ("iss", Value::Null, Some("iss and sub")),
        ("sub", json!("app"), Some("iss and sub")),
        ("sub", Value::Null, Some("iss and sub")),
        ("aud", Value::Null, Some("aud")),
        ("aud", json!([issuer]), Some("aud")),
        ("aud", json!([issuer, "https://evil.example"]), Some("aud")),
        ("aud", json!(format!("{issuer}/token")), Some("aud")),
        ("aud", json!(format!("{issuer}/")), Some("aud")),
        ("aud", json!("https://evil.example"), Some("aud")),
        ("aud", json!(issuer.to_uppercase()), Some("aud")),
        ("exp", Value::Null, Some("exp")),
        ("exp", json!(now), Some("expired")),
        ("exp", json!(now - 1), Some("expired")),
        ("exp", json!(-1), Some("expired")),
        ("exp", json!(now + 361), Some("5 minutes")),
        ("exp", json!(now + 86_400), Some("5 minutes")),
        ("exp", json!(i64::MAX), Some("5 minutes")),
        ("exp", json!(u64::MAX), Some("exp")),
        ("exp", json!(1e300), Some("exp")),
        ("exp", json!(now + 300), None),
        ("exp", json!(f64::from(u32::try_from(now).unwrap()) + 30.5), None),
        ("nbf", json!(now + 61), Some("nbf")),
        ("nbf", json!(now + 10), None),
        ("nbf", json!(now - 3600), None),
        ("iat", json!(now + 61), Some("iat")),
        ("iat", Value::Null, None),
        ("jti", Value::Null, Some("jti")),
        ("jti", json!(""), Some("jti")),
        ("jti", json!("x".repeat(257)), Some("jti")),
        ("jti", json!("x".repeat(256)), None),
        ("azp", json!({ "any": ["thing"] }), None),
    ];
    for (at, (claim, value, refused)) in cases.into_iter().enumerate() {
        let mut claims = claims(&house, &format!("j{at}"));
        claims[claim] = value.clone();
        let answer = ask(&house, &token(&signer, &claims)).await;
        match refused {
            None => assert_eq!(answer.status, StatusCode::OK, "{claim} {value}: {answer:?}"),
            Some(word) => {
                assert_eq!((answer.status, answer.text("error").as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"), "{claim} {value}");
                assert!(answer.text("error_description").contains(word), "{claim} {value}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_assertion_is_refused() {
    let (house, signer) = signing(AssertionAlgorithm::ES256).await;
    let good = claims(&house, "1");
    let other = async |name: &str, value: &str| {
        present(&house, "/token", &token(&signer, &good), &[("grant_type", "client_credentials"), (name, value)]).await
    };
    for kind in
        ["urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "jwt-bearer", "URN:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    {
        assert_eq!(other("client_assertion_type", kind).await.text("error"), "invalid_client", "{kind}");
    }
    assert_eq!(other("client_id", "service").await.status, StatusCode::OK);
    assert_eq!(other("client_id", "app").await.text("error"), "invalid_client");
    assert_eq!(other("client_secret", "x").await.text("error"), "invalid_request");
    let basic = present(&house, "/token", "", &[("grant_type", "client_credentials")]).await;
    assert_eq!(basic.text("error"), "invalid_client");
    let wrong =
        [json!("text"), json!([]), json!({ "iss": 1 }), json!({ "sub": ["service"] }), json!({ "jti": 7 }), json!({ "exp": "soon" })];
    for claims in wrong {
        assert_eq!(ask(&house, &token(&signer, &claims)).await.text("error"), "invalid_client", "{claims}");
    }
    let twice = r#"{"iss":"service","sub":"service","sub":"app"}"#;
    let (header, _) = token(&signer, &good).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let doubled = format!("{header}.{}.AA", URL_SAFE_NO_PAD.encode(twice));
    assert!(ask(&house, &doubled).await.text("error_description").contains("claims"), "a member twice");
    let own_secret = [("client_assertion_type", TYPE), ("client_assertion", "e30.e30.AA")];
    assert_eq!(house.post("/token", "app", &own_secret).await.text("error"), "invalid_request", "Basic beside it");
}

#[tokio::test]
async fn unknown_clients_and_wrong_keys_get_the_same_answer() {
    let (house, signer) = signing(AssertionAlgorithm::ES256).await;
    let stranger = ClientSigner::new(AssertionAlgorithm::ES256);
    register(&house, "other", &stranger).await;
    let mut unknown = claims(&house, "1");
    unknown["iss"] = json!("nobody");
    unknown["sub"] = json!("nobody");
    let of = |header: Value, signer: &ClientSigner| signer.sign(&header, &claims(&house, "2"));
    let header = json!({ "alg": "ES256", "kid": "k" });
    let answers = [
        ask(&house, &token(&signer, &unknown)).await,
        ask(&house, &of(header.clone(), &stranger)).await,
        ask(&house, &of(json!({ "alg": "ES256", "kid": "another" }), &signer)).await,
        ask(&house, &of(json!({ "alg": "EdDSA", "kid": "k" }), &signer)).await,
        ask(&house, &compact(&header, &claims(&house, "2"), b"")).await,
    ];
    for answer in &answers {
        assert_eq!((answer.status, &answer.json), (StatusCode::UNAUTHORIZED, &answers[0].json), "{answer:?}");
    }
    assert_eq!(ask(&house, &of(header, &signer)).await.status, StatusCode::OK, "nothing of that spent it");
}

#[tokio::test]
async fn only_the_registered_method_and_algorithm_are_taken() {
    let (house, signer) = signing(AssertionAlgorithm::RS256).await;
    let with_secret = house.post("/token", "service", &[("grant_type", "client_credentials")]).await;
    assert!(with_secret.text("error_description").contains("(registered: private_key_jwt)"), "{with_secret:?}");
    let mut of_app = claims(&house, "1");
    of_app["iss"] = json!("app");
    of_app["sub"] = json!("app");
    assert!(ask(&house, &token(&signer, &of_app)).await.text("error_description").contains("(registered: client_secret_basic)"));
    house.update_client("service", |client| client.metadata.token_endpoint_auth_signing_alg = Some(AssertionAlgorithm::PS256)).await;
    assert!(ask(&house, &token(&signer, &claims(&house, "2"))).await.text("error_description").contains("PS256"));
    house.update_client("service", |client| client.metadata.token_endpoint_auth_signing_alg = None).await;
    house.update_client("service", |client| client.enabled = false).await;
    assert!(ask(&house, &token(&signer, &claims(&house, "3"))).await.text("error_description").contains("disabled"));
}

#[tokio::test]
async fn an_assertion_is_good_once_and_another_client_may_use_the_same_id() {
    let (house, signer) = signing(AssertionAlgorithm::EdDSA).await;
    let first = token(&signer, &claims(&house, "same"));
    assert_eq!(ask(&house, &first).await.status, StatusCode::OK);
    let again = ask(&house, &first).await;
    assert_eq!((again.status, again.text("error").as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    assert!(again.text("error_description").contains("used before"), "{again:?}");
    let mut later = claims(&house, "same");
    later["exp"] = json!(house.app.now().secs() + 120);
    assert!(ask(&house, &token(&signer, &later)).await.text("error_description").contains("used before"), "the id counts, not the text");
    assert!(house.events().await.contains(&"client.authentication_failed".to_owned()));
    // Only what is verified is spent.
    let other = ClientSigner::new(AssertionAlgorithm::ES256);
    register(&house, "app", &other).await;
    let mut of_app = claims(&house, "same");
    of_app["iss"] = json!("app");
    of_app["sub"] = json!("app");
    let answer = present(&house, "/revoke", &token(&other, &of_app), &[("token", "x")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[test]
fn numeric_dates_may_have_fractions_and_are_bounded() {
    let of = |value: Value| value.as_number().and_then(seconds).map(Timestamp::millis);
    assert_eq!(of(json!(7)), Some(7000));
    assert_eq!(of(json!(7.25)), Some(7250));
    assert_eq!(of(json!(-7.5)), None);
    assert_eq!(of(json!(1e300)), None);
    assert_eq!(of(json!(u64::MAX)), None);
}
