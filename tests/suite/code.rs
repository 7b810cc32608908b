//! Redeeming authorization codes: RFC 6749 §4.1.3, §4.1.4.

use crate::harness::{Credentials, TestApp, TokenRequest, redirect_uri, seed};

/// RFC 6749 §5.1.
#[tokio::test]
async fn a_code_becomes_tokens() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid email").await;
    let answer = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
    assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
    let json = answer.json();
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_in"], 300);
    assert_eq!(json["scope"], "openid email".split(' ').rev().collect::<Vec<_>>().join(" "));
    assert!(json["refresh_token"].as_str().unwrap().starts_with("vst_rt_"));
    assert!(json["id_token"].is_string());
    assert!(app.audit().await.contains(&"grant.created".to_owned()));
}

/// Conformance: at least 96 bits of measured entropy, and no two alike.
#[tokio::test]
async fn codes_are_long_and_never_the_same() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let url = app.authorize(seed::AUTOTALK).url();
    let one = browser.open(&url).await.code();
    let two = browser.open(&url).await.code();
    assert_ne!(one, two);
    assert!(one.len() >= 43 && one.len() < 2048, "{}", one.len());
}

/// RFC 6749 §4.1.2, §10.5: used twice, everything the code has given is revoked.
#[tokio::test]
async fn replayed_code_revokes_the_grant() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let json = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let access = json["access_token"].as_str().unwrap();
    assert!(app.is_alive(access).await);
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
    assert!(!app.is_alive(access).await, "the access token outlived the replay");
    let refresh = TokenRequest::refresh(seed::AUTOTALK, json["refresh_token"].as_str().unwrap());
    app.token(refresh).await.expect_error(400, "invalid_grant");
    assert!(app.audit().await.contains(&"code.replayed".to_owned()));
}

/// Conformance oidcc-codereuse-30seconds: remembered for longer than the code lives.
#[tokio::test]
async fn a_replay_long_after_the_code_expired_still_revokes() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let json = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    app.seconds_pass(120);
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
    assert!(!app.is_alive(json["access_token"].as_str().unwrap()).await);
}

/// RFC 6749 §4.1.2: sixty seconds.
#[tokio::test]
async fn an_expired_code_is_refused() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    app.seconds_pass(59);
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
    let code = app.code(seed::AUTOTALK, "openid").await;
    app.seconds_pass(60);
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
}

/// RFC 6749 §4.1.3, TE-1: another client's attempt fails, and burns the code for everybody.
#[tokio::test]
async fn a_wrong_client_burns_the_code() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let stolen = TokenRequest::code(seed::LEGACY, &code).with("redirect_uri", &redirect_uri(seed::AUTOTALK));
    app.token(stolen).await.expect_error(400, "invalid_grant");
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
    assert!(app.audit().await.contains(&"code.refused".to_owned()));
}

/// RFC 6749 §4.1.3: the redirect URI must be identical, or be missing in neither place.
#[tokio::test]
async fn a_different_redirect_uri_burns_the_code() {
    let app = TestApp::start().await;
    for wrong in ["https://autotalk.test/callback/", "https://evil.test/", ""] {
        let code = app.code(seed::AUTOTALK, "openid").await;
        let answer = app.token(TokenRequest::code(seed::AUTOTALK, &code).with("redirect_uri", wrong)).await;
        assert!(matches!(answer.error().1.as_str(), "invalid_grant" | "invalid_request"), "{answer:?}");
        if !wrong.is_empty() {
            app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
        }
    }
}

/// TE-1: a wrong verifier burns the code; nobody can try twice.
#[tokio::test]
async fn a_wrong_verifier_burns_the_code() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let wrong = TokenRequest::code(seed::AUTOTALK, &code).with("code_verifier", &"x".repeat(43));
    app.token(wrong).await.expect_error(400, "invalid_grant");
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
}

/// A client that fails to authenticate does not get as far as the code.
#[tokio::test]
async fn a_failed_client_authentication_does_not_burn_the_code() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let stranger = TokenRequest::code(seed::AUTOTALK, &code).credentials(Credentials::Basic("autotalk".to_owned(), "x".to_owned()));
    app.token(stranger).await.expect_error(401, "invalid_client");
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
}

/// TE-11: cut, changed, foreign and made-up codes.
#[tokio::test]
async fn what_is_not_a_code_of_ours_is_refused() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let relabelled = refresh.replace("vst_rt_", "vst_ac_");
    let cases = [
        &code[..code.len() - 1],
        &code[..code.len() - 3],
        &code[1..],
        code.trim_start_matches("vst_ac_"),
        refresh,
        &relabelled,
        tokens["access_token"].as_str().unwrap(),
        "vst_ac_",
        "x",
    ];
    for wrong in cases {
        app.token(TokenRequest::code(seed::AUTOTALK, wrong)).await.expect_error(400, "invalid_grant");
    }
    app.token(TokenRequest::code(seed::AUTOTALK, "")).await.expect_error(400, "invalid_request");
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
}

/// TE-8: everything is checked again when the code is redeemed.
#[tokio::test]
async fn what_changed_since_the_code_was_issued_counts() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
    app.change_user(seed::ANA, |user| user.enabled = true).await;

    let code = app.code(seed::AUTOTALK, "openid").await;
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
}

/// A session that ended takes the codes it gave with it.
#[tokio::test]
async fn a_code_dies_with_its_session() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    browser.open("/account").await.click("Log out").await;
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
}

/// OpenID Connect Core §11 and decision 0007: no refresh token for a client that did not register the grant type.
#[tokio::test]
async fn no_refresh_token_without_the_grant_type() {
    let app = TestApp::start().await;
    app.change_client(seed::AUTOTALK, |client| client.metadata.grant_types.truncate(1)).await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    assert!(tokens.get("refresh_token").is_none(), "{tokens}");
}
