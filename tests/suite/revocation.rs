//! Token revocation: RFC 7009.

use crate::harness::{Credentials, TestApp, TokenRequest, seed};

/// RFC 7009 §2.1: revoking either token ends the grant.
#[tokio::test]
async fn revoking_either_token_ends_the_grant() {
    let app = TestApp::start().await;
    for kind in ["refresh_token", "access_token"] {
        let tokens = app.tokens(seed::AUTOTALK, "openid").await;
        app.revoke(Credentials::of(seed::AUTOTALK), tokens[kind].as_str().unwrap()).await.expect(200);
        assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await, "{kind}");
        let refresh = TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap());
        app.token(refresh).await.expect_error(400, "invalid_grant");
    }
    assert!(app.audit().await.contains(&"token.revoked".to_owned()));
}

/// RFC 7009 §2.2: an unknown token is as revoked as can be.
#[tokio::test]
async fn unknown_and_already_revoked_tokens_are_answered_200() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let access = tokens["access_token"].as_str().unwrap();
    for token in ["x", "a.b.c", access, access] {
        app.revoke(Credentials::of(seed::AUTOTALK), token).await.expect(200);
    }
}

/// RFC 7009 §2.1: only one's own.
#[tokio::test]
async fn another_clients_token_stays() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    for kind in ["refresh_token", "access_token"] {
        let answer = app.revoke(Credentials::of(seed::LEGACY), tokens[kind].as_str().unwrap()).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400), "{answer:?}");
    }
    assert!(app.is_alive(tokens["access_token"].as_str().unwrap()).await);
}

/// RFC 7009 §2.1, §5: public clients revoke their own; everybody else authenticates.
#[tokio::test]
async fn public_clients_revoke_their_own_and_others_authenticate() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::SPA, "openid").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    app.revoke(Credentials::Nothing, refresh).await.expect_error(401, "invalid_client");
    app.revoke(Credentials::of(seed::SPA), refresh).await.expect(200);
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
}

/// RFC 7009 §2.1.
#[tokio::test]
async fn the_token_is_required() {
    let app = TestApp::start().await;
    let request = TokenRequest::new(Credentials::of(seed::AUTOTALK)).build("/revoke");
    app.send(request).await.expect_error(400, "invalid_request");
    app.get("/revoke").await.expect(405);
}
