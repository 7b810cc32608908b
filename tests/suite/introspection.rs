//! Token introspection: RFC 7662.

use serde_json::json;

use crate::harness::{Credentials, ISSUER, TestApp, TokenRequest, seed};

async fn access_token(app: &TestApp) -> String {
    app.tokens(seed::AUTOTALK, "openid email").await["access_token"].as_str().unwrap().to_owned()
}

/// RFC 7662 §2.2.
#[tokio::test]
async fn a_live_token_is_described() {
    let app = TestApp::start().await;
    let token = access_token(&app).await;
    for who in [seed::AUTOTALK, seed::API] {
        let answer = app.introspect(Credentials::of(who), &token).await.expect(200);
        assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
        let json = answer.json();
        assert_eq!(json["active"], json!(true));
        assert_eq!(json["client_id"], seed::AUTOTALK);
        assert_eq!(json["scope"], "email openid");
        assert_eq!(json["sub"], app.user(seed::ANA).await.id.to_string());
        assert_eq!(json["iss"], ISSUER);
        assert_eq!(json["exp"].as_i64().unwrap(), app.now().secs() + 300);
        assert_eq!(json["token_type"], "Bearer");
    }
}

/// RFC 7662 §2.2: everything that is not live is `active: false` and nothing else.
#[tokio::test]
async fn whatever_is_not_live_is_inactive_and_nothing_else() {
    let app = TestApp::start().await;
    let token = access_token(&app).await;
    let inactive = json!({ "active": false });
    let cut = &token[..token.len() - 2];
    for wrong in ["x", "a.b.c", cut, "vst_rt_x"] {
        let json = app.introspect(Credentials::of(seed::API), wrong).await.expect(200).json();
        assert_eq!(json, inactive, "{wrong}");
    }
    app.seconds_pass(300);
    assert_eq!(app.introspect(Credentials::of(seed::API), &token).await.json(), inactive);
    let token = access_token(&app).await;
    app.revoke(Credentials::of(seed::AUTOTALK), &token).await.expect(200);
    assert_eq!(app.introspect(Credentials::of(seed::API), &token).await.json(), inactive);
    let token = access_token(&app).await;
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    assert_eq!(app.introspect(Credentials::of(seed::API), &token).await.json(), inactive);
}

/// RFC 7662 §4, TE-13: other clients' tokens are inactive to whoever is not a resource server.
#[tokio::test]
async fn other_clients_learn_nothing() {
    let app = TestApp::start().await;
    let token = access_token(&app).await;
    for stranger in [seed::TICKETING, seed::LEGACY, seed::BATCH] {
        let json = app.introspect(Credentials::of(stranger), &token).await.expect(200).json();
        assert_eq!(json, json!({ "active": false }), "{stranger}");
    }
}

/// RFC 7662 §2.1: authenticated; a public client proves nothing.
#[tokio::test]
async fn it_must_be_authenticated() {
    let app = TestApp::start().await;
    let token = access_token(&app).await;
    app.introspect(Credentials::Nothing, &token).await.expect_error(401, "invalid_client");
    let wrong = Credentials::Basic(seed::API.to_owned(), "x".to_owned());
    app.introspect(wrong, &token).await.expect_error(401, "invalid_client");
    let public = app.introspect(Credentials::of(seed::SPA), &token).await;
    assert!(matches!(public.status.as_u16(), 400 | 401 | 403), "{public:?}");
}

/// RFC 7662 §2.1: `token` is required, the hint is only a hint.
#[tokio::test]
async fn the_hint_is_only_a_hint() {
    let app = TestApp::start().await;
    let token = access_token(&app).await;
    let with =
        |hint: &str| TokenRequest::new(Credentials::of(seed::API)).with("token", &token).with("token_type_hint", hint).build("/introspect");
    for hint in ["access_token", "refresh_token", "surprise"] {
        assert_eq!(app.send(with(hint)).await.expect(200).json()["active"], json!(true), "{hint}");
    }
    let without = TokenRequest::new(Credentials::of(seed::API)).build("/introspect");
    app.send(without).await.expect_error(400, "invalid_request");
    app.get("/introspect").await.expect(405);
}

/// RFC 7662 §2.1: a client may ask about its own refresh tokens.
#[tokio::test]
async fn a_refresh_token_is_active_for_its_client_until_it_is_used() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let json = app.introspect(Credentials::of(seed::AUTOTALK), refresh).await.expect(200).json();
    assert_eq!(json["active"], json!(true), "{json}");
    app.token(TokenRequest::refresh(seed::AUTOTALK, refresh)).await.expect(200);
    app.seconds_pass(11);
    let json = app.introspect(Credentials::of(seed::AUTOTALK), refresh).await.expect(200).json();
    assert_eq!(json, json!({ "active": false }));
}
