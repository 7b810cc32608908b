//! A clock that was wrong and is set right: SECURITY RL-8.

use std::time::Duration;

use crate::harness::{TestApp, seed};

/// What was proved by a clock that was ahead is no fresh proof until that time has come: neither for My Account nor for an application that asks anew.
#[tokio::test]
async fn a_clock_moved_back_makes_no_proof_fresh() {
    let app = TestApp::start().await;
    let start = app.now();
    app.advance(Duration::from_hours(6));
    let browser = app.browser_of(seed::ANA).await;
    browser.open("/account/password").await.expect("/account/password", 200);
    app.clock.set(start);
    browser.open("/account").await.expect("/account", 200);
    browser.open("/account/password").await.expect("/account/confirm", 200);
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "login").url()).await.expect("/login", 200);
    page.sign_in(seed::ANA).await.code();
    browser.open("/account/password").await.expect("/account/password", 200);
    let silent = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").with("max_age", "60").url()).await;
    assert!(silent.param("code").is_some(), "a proof of now counts: {silent:?}");
}

/// Replicas differ by a little: a proof of another replica, two seconds ahead, is fresh.
#[tokio::test]
async fn a_little_ahead_is_not_wrong() {
    let app = TestApp::start().await;
    let start = app.now();
    app.seconds_pass(2);
    let browser = app.browser_of(seed::ANA).await;
    app.clock.set(start);
    browser.open("/account/password").await.expect("/account/password", 200);
}
