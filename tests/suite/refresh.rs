//! Refresh tokens: RFC 6749 §6, RFC 9700 §2.2.2 and §4.14, decision 0002.

use serde_json::Value;

use crate::harness::{TestApp, TokenRequest, claims_of, seed};

fn refresh_of(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("no refresh token: {tokens}")).to_owned()
}

async fn rotate(app: &TestApp, refresh_token: &str) -> Value {
    app.token(TokenRequest::refresh(seed::AUTOTALK, refresh_token)).await.expect(200).json()
}

async fn refused(app: &TestApp, refresh_token: &str) {
    app.token(TokenRequest::refresh(seed::AUTOTALK, refresh_token)).await.expect_error(400, "invalid_grant");
}

/// RFC 9700 §4.14.2: every use gives a new refresh token.
#[tokio::test]
async fn every_refresh_rotates_the_token() {
    let app = TestApp::start().await;
    let first = refresh_of(&app.tokens(seed::AUTOTALK, "openid email").await);
    let json = rotate(&app, &first).await;
    let second = refresh_of(&json);
    assert_ne!(first, second);
    assert!(json["access_token"].is_string() && json["id_token"].is_string());
    assert_eq!(json["token_type"], "Bearer");
    assert!(app.is_alive(json["access_token"].as_str().unwrap()).await);
    refresh_of(&rotate(&app, &second).await);
}

/// OpenID Connect Core §12.2: same `iss`, `sub`, `aud`, `auth_time`; a new `iat`; no nonce is needed.
#[tokio::test]
async fn the_new_id_token_is_about_the_same_sign_in() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let before = claims_of(tokens["id_token"].as_str().unwrap());
    app.seconds_pass(30);
    let after = claims_of(rotate(&app, &refresh_of(&tokens)).await["id_token"].as_str().unwrap());
    for claim in ["iss", "sub", "aud", "auth_time", "sid", "acr", "amr"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert!(after["iat"].as_i64() > before["iat"].as_i64());
}

/// Decision 0002: a lost answer is not a theft: within the grace the same successor comes again, and only while it is unused.
#[tokio::test]
async fn a_retry_within_the_grace_gets_the_same_successor() {
    let app = TestApp::start().await;
    let first = refresh_of(&app.tokens(seed::AUTOTALK, "openid").await);
    let lost = refresh_of(&rotate(&app, &first).await);
    app.seconds_pass(5);
    let again = refresh_of(&rotate(&app, &first).await);
    // Both name the same generation: after one was used, neither is current.
    let next = refresh_of(&rotate(&app, &again).await);
    app.seconds_pass(11);
    refused(&app, &lost).await;
    refused(&app, &next).await;
}

/// RFC 9700 §4.14.2: reuse after the grace is a theft: the grant dies, with everything it gave.
#[tokio::test]
async fn reuse_after_the_grace_kills_the_grant() {
    let app = TestApp::start().await;
    let first = refresh_of(&app.tokens(seed::AUTOTALK, "openid").await);
    let json = rotate(&app, &first).await;
    app.seconds_pass(11);
    refused(&app, &first).await;
    refused(&app, &refresh_of(&json)).await;
    assert!(!app.is_alive(json["access_token"].as_str().unwrap()).await);
    assert!(app.audit().await.contains(&"refresh_token.reused".to_owned()));
}

/// Decision 0002: once the successor was used, the old token is reuse even within the grace.
#[tokio::test]
async fn reuse_is_recognised_at_once_when_the_successor_was_used() {
    let app = TestApp::start().await;
    let first = refresh_of(&app.tokens(seed::AUTOTALK, "openid").await);
    let second = refresh_of(&rotate(&app, &first).await);
    let third = refresh_of(&rotate(&app, &second).await);
    refused(&app, &first).await;
    refused(&app, &third).await;
}

/// Any older generation, however old, is recognised.
#[tokio::test]
async fn a_very_old_token_is_recognised_for_ever() {
    let app = TestApp::start().await;
    let first = refresh_of(&app.tokens(seed::AUTOTALK, "openid offline_access").await);
    let mut current = first.clone();
    for _ in 0..5 {
        app.seconds_pass(3600);
        current = refresh_of(&rotate(&app, &current).await);
    }
    refused(&app, &first).await;
    refused(&app, &current).await;
}

/// RFC 6749 §6: scope only narrows; the grant keeps its own.
#[tokio::test]
async fn scope_only_narrows() {
    let app = TestApp::start().await;
    let first = refresh_of(&app.tokens(seed::AUTOTALK, "openid email").await);
    let wider = TokenRequest::refresh(seed::AUTOTALK, &first).with("scope", "openid email phone");
    app.token(wider).await.expect_error(400, "invalid_scope");
    let narrow = app.token(TokenRequest::refresh(seed::AUTOTALK, &first).with("scope", "openid")).await.expect(200).json();
    assert_eq!(narrow["scope"], "openid");
    let userinfo = app.userinfo(narrow["access_token"].as_str().unwrap()).await.expect(200).json();
    assert!(userinfo.get("email").is_none(), "{userinfo}");
    let full = rotate(&app, &refresh_of(&narrow)).await;
    assert!(full["scope"].as_str().unwrap().contains("email"), "{full}");
}

/// RFC 6749 §6, TE-6: bound to its client.
#[tokio::test]
async fn another_client_cannot_use_it() {
    let app = TestApp::start().await;
    let first = refresh_of(&app.tokens(seed::AUTOTALK, "openid").await);
    for thief in [seed::LEGACY, seed::SPA, seed::TICKETING] {
        app.token(TokenRequest::refresh(thief, &first)).await.expect_error(400, "invalid_grant");
    }
}

/// Decision 0007: without `offline_access` the grant ends with the session.
#[tokio::test]
async fn the_end_of_the_session_ends_the_grant() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    browser.open("/account").await.click("Log out").await;
    refused(&app, &refresh_of(&tokens)).await;
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
}

/// Decision 0007: also when the session ran out by itself.
#[tokio::test]
async fn an_expired_session_ends_the_grant() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    app.advance(app.app.config.session.absolute.0);
    refused(&app, &refresh_of(&tokens)).await;
}

/// OpenID Connect Core §11: with `offline_access` it works while nobody is there.
#[tokio::test]
async fn offline_access_outlives_the_session() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).with("scope", "openid offline_access").url()).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    browser.open("/account").await.click("Log out").await;
    let tokens = rotate(&app, &refresh_of(&tokens)).await;
    app.advance(app.app.config.session.absolute.0);
    rotate(&app, &refresh_of(&tokens)).await;
}

/// SECURITY §3: idle 14 days, 90 days in all.
#[tokio::test]
async fn idle_and_absolute_limits_end_it() {
    let app = TestApp::start().await;
    let day = 24 * 3600;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    app.seconds_pass(14 * day);
    refused(&app, &refresh_of(&tokens)).await;

    let mut tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    for _ in 0..6 {
        app.seconds_pass(13 * day);
        tokens = rotate(&app, &refresh_of(&tokens)).await;
    }
    app.seconds_pass(13 * day);
    refused(&app, &refresh_of(&tokens)).await;
}

/// TE-8: disabled or changed people and clients are dead on this path too.
#[tokio::test]
async fn disabled_and_changed_people_and_clients_are_refused() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    refused(&app, &refresh_of(&tokens)).await;
    app.change_user(seed::ANA, |user| user.enabled = true).await;

    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    refused(&app, &refresh_of(&tokens)).await;

    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    app.change_client(seed::AUTOTALK, |client| client.enabled = false).await;
    app.token(TokenRequest::refresh(seed::AUTOTALK, &refresh_of(&tokens))).await.expect_error(401, "invalid_client");
}

/// TE-11: cut, changed and foreign tokens.
#[tokio::test]
async fn what_is_not_a_refresh_token_of_ours_is_refused() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let good = refresh_of(&tokens);
    let code = app.code(seed::AUTOTALK, "openid").await;
    for wrong in
        [&good[..good.len() - 1], &good[1..], &code, tokens["access_token"].as_str().unwrap(), tokens["id_token"].as_str().unwrap()]
    {
        refused(&app, wrong).await;
    }
    app.token(TokenRequest::refresh(seed::AUTOTALK, "")).await.expect_error(400, "invalid_request");
    rotate(&app, &good).await;
}
