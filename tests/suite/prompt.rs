//! `prompt`, `max_age`, `id_token_hint`: OpenID Connect Core §3.1.2.1, §3.1.2.3.

use crate::harness::{TestApp, TokenRequest, claims_of, seed};

/// OpenID Connect Core §3.1.2.6: never a page; the error that says what is missing.
#[tokio::test]
async fn prompt_none_never_shows_a_page() {
    let app = TestApp::start().await;
    let stranger = app.browser();
    let page = stranger.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await;
    assert_eq!(page.error(), "login_required");
    assert_eq!(page.param("state").as_deref(), Some("af0ifjsldkj"));

    let ana = app.browser_of(seed::ANA).await;
    ana.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await.code();
    let page = ana.open(&app.authorize(seed::TICKETING).with("prompt", "none").url()).await;
    assert_eq!(page.error(), "consent_required");
}

/// OpenID Connect Core §3.1.2.1: asks again although somebody is signed in; `auth_time` moves, `sub` and `sid` stay.
#[tokio::test]
async fn prompt_login_asks_again() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let before = id_token(&app, browser.open(&app.authorize(seed::AUTOTALK).url()).await.code()).await;
    app.seconds_pass(2);
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "login").url()).await.expect("/login", 200);
    assert_eq!(page.value("Email"), seed::ANA);
    let page = page.fill("Password", seed::PASSWORD).click("#login-submit").await;
    let after = id_token(&app, page.code()).await;
    assert_eq!(before["sub"], after["sub"]);
    assert_eq!(before["sid"], after["sid"], "what applications know the session by stays");
    assert!(after["auth_time"].as_i64() > before["auth_time"].as_i64(), "{before} {after}");
}

/// The old session must not answer for a sign-in that was asked for: a reload of the resume URL is not one.
#[tokio::test]
async fn prompt_login_cannot_be_skipped_by_going_to_the_resume_url() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(2);
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "login").url()).await.expect("/login", 200);
    let resume = page.url.as_str().replace("/login", "/authorize/resume");
    browser.open(&resume).await.expect("/login", 200);
}

/// OpenID Connect Core §3.1.2.1: an older sign-in is not enough, and `auth_time` is in the ID token.
#[tokio::test]
async fn max_age_asks_again_when_the_sign_in_is_too_old() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let young = browser.open(&app.authorize(seed::AUTOTALK).with("max_age", "10000").url()).await;
    let before = id_token(&app, young.code()).await;
    app.seconds_pass(5);
    browser.open(&app.authorize(seed::AUTOTALK).with("max_age", "6").url()).await.code();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("max_age", "3").url()).await.expect("/login", 200);
    let page = page.fill("Password", seed::PASSWORD).click("#login-submit").await;
    let after = id_token(&app, page.code()).await;
    assert!(after["auth_time"].as_i64() > before["auth_time"].as_i64());
}

/// OpenID Connect Core §3.1.2.1: `max_age=0` is `prompt=login`; with `prompt=none` it cannot be met.
#[tokio::test]
async fn max_age_zero_is_a_new_sign_in() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(1);
    let silent = app.authorize(seed::AUTOTALK).with("max_age", "0").with("prompt", "none");
    assert_eq!(browser.open(&silent.url()).await.error(), "login_required");
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("max_age", "0").url()).await.expect("/login", 200);
    page.fill("Password", seed::PASSWORD).click("#login-submit").await.code();
}

/// Registration §2: `default_max_age` applies when the request has none.
#[tokio::test]
async fn a_registered_default_max_age_applies() {
    let app = TestApp::start().await;
    app.change_client(seed::AUTOTALK, |client| client.metadata.default_max_age = Some(60)).await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    app.seconds_pass(61);
    browser.open(&app.authorize(seed::AUTOTALK).url()).await.expect("/login", 200);
    browser.open(&app.authorize(seed::AUTOTALK).with("max_age", "3000").url()).await.code();
}

/// OpenID Connect Core §3.1.2.1: the hinted person is signed in: silent, also with an expired hint.
#[tokio::test]
async fn an_id_token_hint_of_the_person_signed_in_is_silent() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let hint = raw_id_token(&app, browser.open(&app.authorize(seed::AUTOTALK).url()).await.code()).await;
    for seconds in [0, 1800] {
        app.seconds_pass(seconds);
        let request = app.authorize(seed::AUTOTALK).with("prompt", "none").with("id_token_hint", &hint);
        browser.open(&request.url()).await.code();
    }
}

/// OpenID Connect Core §3.1.2.1: somebody else is signed in: `login_required` with `prompt=none`, otherwise a sign-in that cannot be the other person's.
#[tokio::test]
async fn an_id_token_hint_of_somebody_else_is_not_answered_by_the_session() {
    let app = TestApp::start().await;
    let ana = app.browser_of(seed::ANA).await;
    let hint = raw_id_token(&app, ana.open(&app.authorize(seed::AUTOTALK).url()).await.code()).await;
    let bruno = app.browser_of(seed::BRUNO).await;
    let silent = app.authorize(seed::AUTOTALK).with("prompt", "none").with("id_token_hint", &hint);
    assert_eq!(bruno.open(&silent.url()).await.error(), "login_required");
    let page = bruno.open(&app.authorize(seed::AUTOTALK).with("id_token_hint", &hint).url()).await;
    assert!(!page.has_left(), "no code for another person: {}", page.url);
}

/// SECURITY AE-11: only hints we signed count; an access token is none.
#[tokio::test]
async fn a_hint_that_is_not_an_id_token_of_ours_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let (head, _) = id_token.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", "A".repeat(342));
    let none = format!("eyJhbGciOiJub25lIn0.{}.", id_token.split('.').nth(1).unwrap());
    for hint in [forged.as_str(), none.as_str(), tokens["access_token"].as_str().unwrap(), "x"] {
        let page = browser.open(&app.authorize(seed::AUTOTALK).with("id_token_hint", hint).url()).await;
        assert_eq!(page.error(), "invalid_request", "{hint}");
    }
}

async fn raw_id_token(app: &TestApp, code: String) -> String {
    let json = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    json["id_token"].as_str().unwrap().to_owned()
}

async fn id_token(app: &TestApp, code: String) -> serde_json::Value {
    claims_of(&raw_id_token(app, code).await)
}
