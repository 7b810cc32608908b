//! Proof Key for Code Exchange: RFC 7636, RFC 9700 §2.1.1.

use crate::harness::{TestApp, TokenRequest, VERIFIER, seed};

/// RFC 9700 §2.1.1: required by default, of confidential clients too.
#[tokio::test]
async fn a_request_without_a_challenge_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for client in [seed::AUTOTALK, seed::SPA] {
        let request = app.authorize(client).without("code_challenge").without("code_challenge_method");
        assert_eq!(browser.open(&request.url()).await.error(), "invalid_request", "{client}");
    }
}

/// RFC 7636 §4.3: `plain` is never accepted, and leaving the method out means `plain`.
#[tokio::test]
async fn plain_is_refused_also_when_it_is_the_default() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for client in [seed::AUTOTALK, seed::LEGACY] {
        let plain = app.authorize(client).with("code_challenge_method", "plain");
        assert_eq!(browser.open(&plain.url()).await.error(), "invalid_request", "{client}");
        let silent = app.authorize(client).without("code_challenge_method");
        assert_eq!(browser.open(&silent.url()).await.error(), "invalid_request", "{client}");
        let unknown = app.authorize(client).with("code_challenge_method", "S512");
        assert_eq!(browser.open(&unknown.url()).await.error(), "invalid_request", "{client}");
    }
}

/// RFC 7636 §4.2: a challenge that is no SHA-256.
#[tokio::test]
async fn a_malformed_challenge_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for challenge in ["short", &"a".repeat(44), &"a".repeat(129), "not/base64url+but=43-characters-long-xxxxxxx"] {
        let request = app.authorize(seed::AUTOTALK).with("code_challenge", challenge);
        assert_eq!(browser.open(&request.url()).await.error(), "invalid_request", "{challenge}");
    }
}

/// RFC 7636 §4.6.
#[tokio::test]
async fn the_verifier_decides() {
    let app = TestApp::start().await;
    let right = app.code(seed::AUTOTALK, "openid").await;
    app.token(TokenRequest::code(seed::AUTOTALK, &right)).await.expect(200);
    for wrong in [&"a".repeat(43), "short", &"b".repeat(129), &VERIFIER.to_lowercase(), ""] {
        let code = app.code(seed::AUTOTALK, "openid").await;
        app.token(TokenRequest::code(seed::AUTOTALK, &code).with("code_verifier", wrong)).await.expect_error(400, "invalid_grant");
    }
}

/// RFC 7636 §4.5: no verifier for a code with a challenge.
#[tokio::test]
async fn a_missing_verifier_is_refused() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    app.token(TokenRequest::code(seed::AUTOTALK, &code).without("code_verifier")).await.expect_error(400, "invalid_grant");
}

/// RFC 9700 §4.8.2: a verifier for a code that was asked for without a challenge is the sign of a downgrade.
#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let request = app.authorize(seed::LEGACY).without("code_challenge").without("code_challenge_method");
    let code = browser.open(&request.url()).await.code();
    app.token(TokenRequest::code(seed::LEGACY, &code)).await.expect_error(400, "invalid_grant");
    let code = browser.open(&request.url()).await.code();
    app.token(TokenRequest::code(seed::LEGACY, &code).without("code_verifier")).await.expect(200);
}

/// RFC 9700 §2.1.1: a client exempt from PKCE may use it, and then it counts.
#[tokio::test]
async fn an_exempt_client_that_uses_pkce_is_held_to_it() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::LEGACY).url()).await.code();
    app.token(TokenRequest::code(seed::LEGACY, &code).without("code_verifier")).await.expect_error(400, "invalid_grant");
    let code = browser.open(&app.authorize(seed::LEGACY).url()).await.code();
    app.token(TokenRequest::code(seed::LEGACY, &code)).await.expect(200);
}
