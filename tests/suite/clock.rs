//! A clock that was wrong and is set right: SECURITY RL-8.

use std::time::Duration;

use vestibule::jobs::purge;

use crate::harness::{Authenticator, Browser, Page, TestApp, TokenRequest, seed};

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

/// Who signed in by a clock that was ahead goes on in their applications when it is set right: the tokens they get then are good, and last.
#[tokio::test]
async fn a_session_of_a_clock_that_was_ahead_gets_tokens_that_are_good() {
    let app = TestApp::start().await;
    let start = app.now();
    app.advance(Duration::from_hours(6));
    let browser = app.browser_of(seed::ANA).await;
    app.clock.set(start);
    for scope in ["openid", "openid offline_access"] {
        let url = app.authorize(seed::AUTOTALK).with("scope", scope).url();
        let code = browser.open(&url).await.allow_if_asked().await.code();
        let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
        app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
        assert!(tokens["expires_in"].as_i64().unwrap() > 0, "{tokens}");
        app.seconds_pass(60);
        let again = TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap());
        let tokens = app.token(again).await.expect(200).json();
        app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
    }
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

const SESSION: &str = "__Host-vestibule-session";
const HOUR: Duration = Duration::from_hours(1);
const YEAR: Duration = Duration::from_hours(365 * 24);
const NEW: &str = "seven green bicycles in the rain";

async fn give(app: &TestApp, code: &str) -> u16 {
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.give_code(code).await.status()
}

async fn reset_link(app: &TestApp, email: &str) -> String {
    app.browser().open("/password/reset").await.fill("Email", email).click("Send link").await.expect("/password/reset/sent", 200);
    app.mail("password_reset", email).await.path("link")
}

async fn choose(page: Page<'_>) -> u16 {
    page.fill("New password", NEW).fill("Confirm new password", NEW).click("Save").await.status()
}

/// What was used, ended or expired, each of its kind.
struct Dead {
    /// Used long before the rest: when the clock is set back it is the code of the moment.
    first_totp: String,
    totp: String,
    code: String,
    refresh_token: String,
    cookie: String,
    used_link: String,
    expired_link: String,
    /// The form behind a link, opened while the link was good.
    form: (String, Vec<(String, String)>),
}

/// `later`: how long after the first code of the authenticator app the rest happens.
async fn dies(app: &TestApp, browser: &Browser<'_>, later: Duration) -> Dead {
    let phone = app.with_totp(seed::ANA).await;
    let first_totp = phone.code();
    assert_eq!(give(app, &first_totp).await, 200);
    app.advance(later);
    app.app.keys.refresh().await.unwrap();
    let (totp, signed_in) = sign_in(app, &phone).await;
    let cookie = signed_in.cookie(SESSION).unwrap();
    let url = app.authorize(seed::AUTOTALK).with("scope", "openid offline_access").url();
    let code = signed_in.open(&url).await.allow_if_asked().await.code();
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &signed_in.open(&url).await.code())).await.expect(200).json();
    let refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
    app.token(TokenRequest::refresh(seed::AUTOTALK, &refresh_token)).await.expect(200);
    signed_in.open("/account").await.click("Log out").await;
    let used_link = reset_link(app, seed::BRUNO).await;
    assert_eq!(choose(app.browser().open(&used_link).await).await, 200);
    let expired_link = reset_link(app, seed::ANA).await;
    let page = browser.open(&expired_link).await.expect("/password/reset/finish", 200);
    let form = page.fill("New password", NEW).fill("Confirm new password", NEW).form_of("Save");
    app.advance(Duration::from_mins(16));
    Dead { first_totp, totp, code, refresh_token, cookie, used_link, expired_link, form }
}

async fn sign_in<'a>(app: &'a TestApp, phone: &Authenticator<'_>) -> (String, Browser<'a>) {
    let (code, browser) = (phone.next_code(), app.browser());
    browser.open("/login").await.sign_in(seed::ANA).await.give_code(&code).await.expect("/account", 200);
    (code, browser)
}

impl Dead {
    async fn stays_dead(&self, app: &TestApp, browser: &Browser<'_>, when: &str) {
        app.token(TokenRequest::code(seed::AUTOTALK, &self.code)).await.expect_error(400, "invalid_grant");
        app.token(TokenRequest::refresh(seed::AUTOTALK, &self.refresh_token)).await.expect_error(400, "invalid_grant");
        let thief = app.browser();
        thief.set_cookie(SESSION, &self.cookie);
        thief.open("/account").await.expect("/login", 200);
        for link in [&self.used_link, &self.expired_link] {
            app.browser().open(link).await.expect("/password/reset/finish", 410);
        }
        let before = app.user(seed::ANA).await.password_hash;
        let page = browser.submit(&self.form.0, &self.form.1).await;
        assert!(page.path().starts_with("/password/reset"), "{when}: the form behind an expired link led to {}", page.path());
        assert_eq!(app.user(seed::ANA).await.password_hash, before, "{when}");
        for code in [&self.first_totp, &self.totp] {
            assert_eq!(give(app, code).await, 422, "{when}: a code of the authenticator app");
        }
    }
}

/// A step back, by an hour or a year, revives nothing that was used, ended or expired: also not when the step is made good again.
#[tokio::test]
async fn a_clock_moved_back_revives_nothing() {
    for span in [HOUR, YEAR] {
        let app = TestApp::start().await;
        let (browser, start) = (app.browser(), app.now());
        let dead = dies(&app, &browser, span).await;
        let died = app.now();
        app.clock.set(start);
        dead.stays_dead(&app, &browser, "back").await;
        app.clock.set(died);
        dead.stays_dead(&app, &browser, "and forth").await;
    }
}

/// A step forward uses nothing up twice; and when the clock is set right again, after everything that seemed old was cleared away, neither.
#[tokio::test]
async fn a_clock_moved_ahead_lets_nothing_be_used_twice() {
    for span in [HOUR, YEAR] {
        let app = TestApp::start().await;
        let browser = app.browser();
        let dead = dies(&app, &browser, HOUR).await;
        let died = app.now();
        app.advance(span);
        dead.stays_dead(&app, &browser, "ahead").await;
        purge::once(&app.app, "test").await.unwrap();
        app.clock.set(died);
        dead.stays_dead(&app, &browser, "set right").await;
    }
}
