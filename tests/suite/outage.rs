//! The database is gone: SECURITY RL-3: fail closed, say when to come back, serve what needs no database.

use crate::harness::{TestApp, TokenRequest, bearer, seed};

/// 503 with `Retry-After`, in the shape of who asked; never a success, never a 500, no internals.
#[tokio::test]
async fn without_a_database_everything_that_needs_it_is_503() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let login = browser.open(&app.authorize(seed::AUTOTALK).with("max_age", "0").url()).await;
    app.app.store.close().await;

    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let answers = [
        app.token(TokenRequest::code(seed::AUTOTALK, &code)).await,
        app.token(TokenRequest::refresh(seed::AUTOTALK, refresh)).await,
        app.send(bearer("/userinfo", access)).await,
        browser.get("/account").await,
        login.sign_in(seed::ANA).await.answer,
    ];
    // RFC 6749 §4.1.2.1: a verified redirect takes the error back to the application.
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    assert_eq!(page.error(), "temporarily_unavailable");
    for answer in answers {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0, "{answer:?}");
        for internal in ["sqlite", "postgres", "sqlx", "pool", "SELECT", "connection"] {
            assert!(!answer.text().to_lowercase().contains(&internal.to_lowercase()), "{internal}: {answer:?}");
        }
    }
}

/// What is prerendered stays available, and readiness says no.
#[tokio::test]
async fn discovery_and_keys_are_served_from_memory() {
    let app = TestApp::start().await;
    app.app.store.close().await;
    app.get("/.well-known/openid-configuration").await.expect(200);
    app.get("/jwks").await.expect(200);
    app.get("/health/live").await.expect(200);
    app.get("/health/ready").await.expect(503);
}
