//! A commit takes effect, and the database goes away before it says so. What was written is not written again, nobody is given anything twice, and
//! whoever did what they were told, to try again, has lost as little as can be. docs/reliability.md.
#![cfg(debug_assertions)]

use crate::harness::{TestApp, TokenRequest, seed};

const SCOPE: &str = "openid offline_access";

/// Beyond `tokens.refresh_token_grace`.
const LATE: u64 = 120;

async fn refreshed(app: &TestApp, token: &str) -> String {
    let answer = app.token(TokenRequest::refresh(seed::AUTOTALK, token)).await.expect(200).json();
    answer["refresh_token"].as_str().unwrap().to_owned()
}

/// The token of a grant, whose next rotation is made and answered 503.
async fn unanswered(app: &TestApp) -> String {
    let token = app.tokens(seed::AUTOTALK, SCOPE).await["refresh_token"].as_str().unwrap().to_owned();
    app.app.store.lose_commit(1);
    app.token(TokenRequest::refresh(seed::AUTOTALK, &token)).await.expect_error(503, "temporarily_unavailable");
    token
}

/// The process that could not answer knows so: the client may come after the grace, and as often as the answer is lost on the wire.
#[tokio::test]
async fn a_rotation_of_which_nobody_was_told_is_no_reuse_however_late_it_is_asked_again() {
    let app = TestApp::start().await;
    let token = unanswered(&app).await;
    app.seconds_pass(LATE);
    refreshed(&app, &token).await;
    let second = refreshed(&app, &token).await;
    let third = refreshed(&app, &second).await;
    assert!(!app.audit().await.contains(&"refresh_token.reused".to_owned()));
    // Its successor is used: it is what any old token is.
    app.token(TokenRequest::refresh(seed::AUTOTALK, &token)).await.expect_error(400, "invalid_grant");
    app.token(TokenRequest::refresh(seed::AUTOTALK, &third)).await.expect_error(400, "invalid_grant");
    assert!(app.audit().await.contains(&"refresh_token.reused".to_owned()));
}

/// One that was answered is reuse beyond its grace, though the one before it was not answered.
#[tokio::test]
async fn a_rotation_that_was_answered_later_is_judged_by_its_own_time() {
    let app = TestApp::start().await;
    let token = unanswered(&app).await;
    let next = refreshed(&app, &token).await;
    refreshed(&app, &next).await;
    app.seconds_pass(LATE);
    app.token(TokenRequest::refresh(seed::AUTOTALK, &next)).await.expect_error(400, "invalid_grant");
}

/// Another replica knows nothing of it: within the grace that does not matter, beyond it a thief could not be told from the client.
#[tokio::test]
async fn another_replica_goes_by_the_grace() {
    let app = TestApp::start().await;
    let (soon, late) = (unanswered(&app).await, unanswered(&app).await);
    let other = app.replica().await;
    app.seconds_pass(5);
    refreshed(&other, &soon).await;
    app.seconds_pass(LATE);
    other.token(TokenRequest::refresh(seed::AUTOTALK, &late)).await.expect_error(400, "invalid_grant");
}

/// RFC 6749 §4.1.2: a code is for once. What it was exchanged for was given to nobody, and the person gets another code without a page.
#[tokio::test]
async fn a_code_whose_redemption_nobody_was_told_of_is_used() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let url = app.authorize(seed::AUTOTALK).with("scope", SCOPE).url();
    let code = browser.open(&url).await.allow_if_asked().await.code();
    app.app.store.lose_commit(1);
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(503, "temporarily_unavailable");
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
    let kinds = app.audit().await;
    let count = |kind: &str| kinds.iter().filter(|each| *each == kind).count();
    assert_eq!((count("grant.created"), count("code.replayed")), (1, 1), "written once: {kinds:?}");
    let again = app.authorize(seed::AUTOTALK).with("scope", SCOPE).with("prompt", "none").url();
    app.token(TokenRequest::code(seed::AUTOTALK, &browser.open(&again).await.code())).await.expect(200);
}

/// One person has room for so many browsers. Whoever signs one person in that often at once, as a test of load may, sees grants end: "the grant was revoked".
#[tokio::test]
async fn the_browser_unused_for_longest_makes_room_and_what_it_gave_applications_ends() {
    let app = TestApp::start().await;
    let token = async |scope: &str| app.tokens(seed::AUTOTALK, scope).await["refresh_token"].as_str().unwrap().to_owned();
    let (online, offline) = (token("openid").await, token(SCOPE).await);
    for _ in 0..48 {
        app.seconds_pass(1);
        app.browser_of(seed::ANA).await;
    }
    let online = refreshed(&app, &online).await;
    for _ in 0..2 {
        app.seconds_pass(1);
        app.browser_of(seed::ANA).await;
    }
    let refused = app.token(TokenRequest::refresh(seed::AUTOTALK, &online)).await;
    refused.expect_error(400, "invalid_grant");
    assert!(refused.json()["error_description"].as_str().unwrap().contains("the grant was revoked"));
    refreshed(&app, &offline).await;
}
