//! Client credentials: RFC 6749 §4.4, RFC 9068.

use crate::harness::{Credentials, ISSUER, TestApp, TokenRequest, claims_of, header_of, seed};

async fn token(app: &TestApp) -> String {
    let json = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200).json();
    json["access_token"].as_str().unwrap().to_owned()
}

/// RFC 6749 §4.4.3: no refresh token, no ID token.
#[tokio::test]
async fn the_answer_has_an_access_token_and_nothing_else() {
    let app = TestApp::start().await;
    let answer = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200);
    assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
    let json = answer.json();
    let mut members: Vec<&String> = json.as_object().unwrap().keys().collect();
    members.sort();
    members.retain(|name| *name != "scope");
    assert_eq!(members, ["access_token", "expires_in", "token_type"]);
}

/// RFC 9068 §2: an `at+jwt` signed ES256, about the client.
#[tokio::test]
async fn the_access_token_is_an_rfc_9068_jwt_about_the_client() {
    let app = TestApp::start().await;
    let token = token(&app).await;
    let header = header_of(&token);
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("ES256")));
    let claims = claims_of(&token);
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], ISSUER);
    assert_eq!(claims["sub"], seed::BATCH);
    assert_eq!(claims["client_id"], seed::BATCH);
    assert_eq!(claims["iat"].as_i64().unwrap(), app.now().secs());
    assert_eq!(claims["exp"].as_i64().unwrap(), app.now().secs() + 300);
    assert!(claims["jti"].as_str().unwrap().len() >= 16);
    for personal in ["auth_time", "acr", "amr", "sid", "grant_id"] {
        assert!(claims.get(personal).is_none(), "{personal}: {claims}");
    }
}

/// RFC 6749 §3.3.
#[tokio::test]
async fn scopes_are_limited_to_the_registered_ones() {
    let app = TestApp::start().await;
    let with = |scope: &str| TokenRequest::client_credentials(seed::BATCH).with("scope", scope);
    app.token(with("phone")).await.expect_error(400, "invalid_scope");
    app.token(with("email \"x\"")).await.expect_error(400, "invalid_scope");
}

/// TE-10: scopes of people are not given to programs.
#[tokio::test]
async fn scopes_about_people_are_not_given_to_programs() {
    let app = TestApp::start().await;
    app.change_client(seed::BATCH, |client| client.metadata.scope = "openid offline_access email profile".to_owned()).await;
    for scope in ["openid", "offline_access", "email", "profile"] {
        app.token(TokenRequest::client_credentials(seed::BATCH).with("scope", scope)).await.expect_error(400, "invalid_scope");
    }
}

/// TE-10: the token opens nothing of a person.
#[tokio::test]
async fn it_opens_no_userinfo() {
    let app = TestApp::start().await;
    let answer = app.userinfo(&token(&app).await).await;
    assert!(matches!(answer.status.as_u16(), 401 | 403), "{answer:?}");
}

/// RFC 7662 §2.2, RFC 7009 §2.1: it can be introspected and revoked although no row was written for it.
#[tokio::test]
async fn it_can_be_introspected_and_revoked() {
    let app = TestApp::start().await;
    let token = token(&app).await;
    let batch = Credentials::of(seed::BATCH);
    let json = app.introspect(batch.clone(), &token).await.expect(200).json();
    assert_eq!((json["active"].as_bool(), json["client_id"].as_str()), (Some(true), Some(seed::BATCH)));
    app.revoke(batch.clone(), &token).await.expect(200);
    assert_eq!(app.introspect(batch, &token).await.json(), serde_json::json!({ "active": false }));
}
