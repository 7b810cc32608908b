//! ID tokens: OpenID Connect Core §2, §3.1.3.6.

use vestibule::store::signing_keys::Algorithm;

use crate::harness::{ISSUER, TestApp, claims_of, header_of, seed};

/// OpenID Connect Core §2, §15.1: each algorithm, verified by the `openidconnect` crate: signature, `iss`, `aud`, `exp`, `nonce`, `at_hash`.
#[tokio::test]
async fn every_algorithm_is_accepted_by_the_openidconnect_crate() {
    let app = TestApp::start().await;
    for algorithm in Algorithm::ALL {
        app.change_client(seed::AUTOTALK, |client| client.metadata.id_token_signed_response_alg = algorithm).await;
        let party = app.relying_party(seed::AUTOTALK).await;
        let signed_in = party.sign_in(seed::ANA, &["email"]).await;
        let header = header_of(&signed_in.id_token());
        assert_eq!(header["alg"], algorithm.name());
        let jwks = app.get("/jwks").await.json();
        assert!(jwks["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"]), "kid is in the key set: {header}");
        assert_eq!(signed_in.claims.subject().as_str(), app.user(seed::ANA).await.id.to_string());
    }
}

/// OpenID Connect Core §2, §3.1.3.6: exactly these claims, and these values.
#[tokio::test]
async fn it_says_what_happened_and_nothing_more() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid profile email address phone").await;
    let claims = claims_of(tokens["id_token"].as_str().unwrap());
    let now = app.now().secs();
    assert_eq!(claims["iss"], ISSUER);
    assert!(claims["aud"] == seed::AUTOTALK || claims["aud"] == serde_json::json!([seed::AUTOTALK]), "{claims}");
    assert_eq!(claims["sub"], app.user(seed::ANA).await.id.to_string());
    assert_eq!(claims["iat"].as_i64(), Some(now));
    assert_eq!(claims["exp"].as_i64(), Some(now + 300));
    assert_eq!(claims["auth_time"].as_i64(), Some(now));
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(claims["acr"], "aal1");
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
    assert!(claims["sid"].as_str().unwrap().len() >= 16);
    assert!(claims["at_hash"].is_string());
    // OpenID Connect Core §5.4: in the code flow, claims asked for by scope come from userinfo.
    let mut names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    names.retain(|name| *name != "azp");
    names.sort();
    assert_eq!(names, ["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"]);
}

/// OpenID Connect Core §3.1.2.1: `nonce` is optional in the code flow, and absent when it was not sent.
#[tokio::test]
async fn without_a_nonce_there_is_none() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).without("nonce").url()).await.code();
    let json = app.token(crate::harness::TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    assert!(claims_of(json["id_token"].as_str().unwrap()).get("nonce").is_none());
}

/// A setting for applications that never call userinfo.
#[tokio::test]
async fn scope_claims_go_into_it_for_clients_that_ask_for_that() {
    let app = TestApp::start().await;
    app.change_client(seed::AUTOTALK, |client| client.metadata.id_token_scope_claims = true).await;
    let tokens = app.tokens(seed::AUTOTALK, "openid email").await;
    let claims = claims_of(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["email"], seed::ANA);
    assert!(claims.get("phone_number").is_none() && claims.get("name").is_none(), "{claims}");
}

/// OpenID Connect Core §2: `sid` names the session for all applications, `sub` the person, and they differ between people.
#[tokio::test]
async fn one_session_has_one_sid_for_all_applications() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let mut sids = Vec::new();
    for client in [seed::AUTOTALK, seed::SPA, seed::LEGACY] {
        let code = browser.open(&app.authorize(client).url()).await.code();
        let json = app.token(crate::harness::TokenRequest::code(client, &code)).await.expect(200).json();
        sids.push(claims_of(json["id_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned());
    }
    assert!(sids.iter().all(|sid| *sid == sids[0]), "{sids:?}");
}

/// RFC 9068 §2.2: the access token beside it.
#[tokio::test]
async fn the_access_token_beside_it_is_an_rfc_9068_jwt() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid email").await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(header_of(token)["typ"], "at+jwt");
    assert_eq!(header_of(token)["alg"], "ES256");
    let claims = claims_of(token);
    assert_eq!(claims["client_id"], seed::AUTOTALK);
    assert_eq!(claims["sub"], app.user(seed::ANA).await.id.to_string());
    assert_eq!(claims["scope"], "email openid");
    assert_eq!(claims["auth_time"].as_i64(), Some(app.now().secs()));
    assert_eq!((claims["acr"].as_str(), &claims["amr"]), (Some("aal1"), &serde_json::json!(["pwd"])));
    assert!(!token.contains(seed::ANA) && claims.get("email").is_none(), "no personal data in access tokens");
}
