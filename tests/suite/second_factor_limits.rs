//! How often a second factor may be tried: SECURITY §3, §4.7 OT-1 and OT-2, PW-3.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use vestibule::config::EmailCodes;
use vestibule::store::factor_attempts;

use crate::harness::{Browser, TestApp, encode, seed, through};

/// A browser with the right password given, and the code form's fields.
async fn at_the_code(browser: &Browser<'_>) -> (String, Vec<(String, String)>) {
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    let (action, mut form) = page.form_of("#code-submit");
    form.retain(|(name, _)| name != "code");
    (action, form)
}

fn with_code(browser: &Browser<'_>, (action, form): &(String, Vec<(String, String)>), code: &str) -> Request<Body> {
    let mut pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.push(("code", code));
    browser
        .request("POST", action)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", crate::harness::ISSUER)
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(encode(&pairs)))
        .unwrap()
}

/// OT-1: one code used sixteen times at once, in sixteen browsers, signs in once.
#[tokio::test]
async fn of_sixteen_uses_of_one_code_at_once_one_signs_in() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browsers: Vec<Browser<'_>> = (0..16).map(|_| app.browser()).collect();
    let mut forms = Vec::new();
    for browser in &browsers {
        forms.push(at_the_code(browser).await);
    }
    let code = phone.code();
    let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
    let answers =
        join_all(browsers.iter().zip(&forms).map(|(browser, form)| through(app.router(), address, with_code(browser, form, &code)))).await;
    let sessions =
        answers.iter().filter(|answer| answer.set_cookies().iter().any(|cookie| cookie.starts_with("__Host-vestibule-session="))).count();
    assert_eq!(sessions, 1);
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "sign_in.succeeded").count(), 1);
}

/// The same code sent sixteen times by one browser: a double click makes one session, and no error.
#[tokio::test]
async fn a_double_click_makes_one_session() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let form = at_the_code(&browser).await;
    let code = phone.code();
    let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
    let answers = join_all((0..16).map(|_| through(app.router(), address, with_code(&browser, &form, &code)))).await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() < 500), "{answers:?}");
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "sign_in.succeeded").count(), 1);
}

/// PW-3: a hundred guesses at once are no more than the free ones.
#[tokio::test]
async fn of_many_guesses_at_once_only_the_free_ones_are_checked() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let form = at_the_code(&browser).await;
    let (wrong, address) = (phone.wrong_code(), "192.0.2.1:40000".parse::<SocketAddr>().unwrap());
    join_all((0..40).map(|_| through(app.router(), address, with_code(&browser, &form, &wrong)))).await;
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "second_factor.failed").count(), 5);
}

/// OT-2: five wrong codes end the pending sign-in; the person waits, in every browser, and is told for how long; then it goes on.
#[tokio::test]
async fn failures_count_for_the_person_in_every_browser() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let mut page = browser.open("/login").await.sign_in(seed::ANA).await;
    for _ in 0..4 {
        page = page.give_code(&phone.wrong_code()).await.expect("/login/code", 422);
    }
    let page = page.give_code(&phone.wrong_code()).await.expect("/login", 200);
    page.assert_text("Too many wrong codes.");
    let other = app.browser();
    let page = other.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.assert_text("Too many attempts.");
    let page = page.give_code(&phone.code()).await.expect("/login/code", 429);
    let seconds: u64 = page.answer.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    page.assert_text("Try again in");
    app.advance(Duration::from_secs(seconds));
    page.give_code(&phone.code()).await.expect("/account", 200);
    // A right one ends the row.
    let page = app.browser();
    page.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.wrong_code()).await.expect("/login/code", 422);
}

/// OT-2: recovery codes share the counter, and the tenth failure of a day tells the owner that somebody knows the password.
#[tokio::test]
async fn the_owner_is_told_of_ten_failures() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    for failure in 1..=10 {
        let browser = app.browser();
        let page = browser.open("/login").await.sign_in(seed::ANA).await;
        if failure % 2 == 0 {
            page.give_code(&phone.wrong_code()).await;
        } else {
            page.click("Use a recovery code").await.give_code("BBBB-BBBB-BBBB-BBBB").await;
        }
        let told = app.mails_to(seed::ANA).await.len();
        assert_eq!(told, usize::from(failure == 10), "after {failure} failures");
        app.advance(Duration::from_mins(61));
    }
    // Nobody tries an eleventh in a browser that is not known, not even the owner; a confirmation by mail is all that it takes.
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.give_code(&phone.code()).await.expect("/login/code", 429).click("#unlock-send").await.expect("/login/unlock", 200);
    let link = app.mail("unlock", seed::ANA).await.path("link");
    let page = browser.open(&link).await.click("#unlock-submit").await.expect("/login", 200);
    page.sign_in(seed::ANA).await.give_code(&phone.code()).await.expect("/account", 200);
}

/// PAGES P3: another code by mail only after half a minute, and five in an hour.
#[tokio::test]
async fn codes_by_mail_are_few() {
    let app = TestApp::start().await;
    app.with_email_codes(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/email-code", 200);
    assert!(!page.has("#email-code"), "not before half a minute is over");
    page.assert_text("You can ask for a new code in");
    for sent in 2..=5 {
        app.advance(Duration::from_secs(31));
        let page = browser.open("/login/email-code").await.click("#email-code").await.expect("/login/email-code", 200);
        assert_eq!(app.mails_to(seed::ANA).await.len(), sent);
        drop(page);
    }
    app.advance(Duration::from_secs(31));
    let page = browser.open("/login/email-code").await.click("#email-code").await.expect("/login/email-code", 429);
    page.assert_text("too many codes");
    assert_eq!(app.mails_to(seed::ANA).await.len(), 5);
    let code = app.mail_to(seed::ANA).await.code().unwrap();
    page.give_code(&code).await.expect("/account", 200);
}

/// Codes that are given are no flood; and those that a stranger with the password asks for are not the owner's, in a browser that knows them.
#[tokio::test]
async fn mails_with_codes_do_not_run_out_for_the_owner() {
    let app = TestApp::start().await;
    app.with_email_codes(seed::ANA).await;
    let owner = app.browser();
    for _ in 0..7 {
        owner.forget_cookie("__Host-vestibule-session");
        let page = owner.open("/login").await.sign_in(seed::ANA).await.expect("/login/email-code", 200);
        page.give_code(&app.mail("one_time_code", seed::ANA).await.text("code")).await.expect("/account", 200);
    }
    for sent in 1..=6 {
        let stranger = app.browser();
        let page = stranger.open("/login").await.sign_in(seed::ANA).await.expect("/login/email-code", 200);
        if sent == 6 {
            page.click("#email-code").await.expect("/login/email-code", 429);
        }
    }
    app.clear_mails().await;
    owner.forget_cookie("__Host-vestibule-session");
    let page = owner.open("/login").await.sign_in(seed::ANA).await.expect("/login/email-code", 200);
    page.give_code(&app.mail("one_time_code", seed::ANA).await.text("code")).await.expect("/account", 200);
}

/// OT-2: whoever knows the password can use up the strangers' codes, and not the owner's.
#[tokio::test]
async fn a_stranger_with_the_password_does_not_block_the_owners_codes() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let owner = app.browser();
    owner.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.code()).await.expect("/account", 200);
    owner.forget_cookie("__Host-vestibule-session");
    let stranger = app.browser();
    let mut page = stranger.open("/login").await.sign_in(seed::ANA).await;
    for _ in 0..5 {
        page = page.give_code(&phone.wrong_code()).await;
    }
    let page = stranger.open("/login").await.sign_in(seed::ANA).await;
    page.give_code(&phone.wrong_code()).await.expect("/login/code", 429);
    let page = owner.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    assert!(!page.has_text("Too many attempts"));
    page.give_code(&phone.code_at(1)).await.expect("/account", 200);
}

/// OT-2: a code by mail says nothing about who guesses those of the app: it does not end the row of failures.
#[tokio::test]
async fn a_code_by_mail_does_not_forgive_wrong_codes_of_the_app() {
    let app = TestApp::with(|config| config.mfa.email_code = EmailCodes::On).await;
    app.with_email_codes(seed::ANA).await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let mut page = browser.open("/login").await.sign_in(seed::ANA).await;
    for _ in 0..3 {
        page = page.give_code(&phone.wrong_code()).await.expect("/login/code", 422);
    }
    let page = page.click("Email me a code").await.expect("/login/email-code", 200);
    let code = app.mail_to(seed::ANA).await.code().unwrap();
    page.give_code(&code).await.expect("/account", 200);
    let ana = app.user(seed::ANA).await.id;
    assert_eq!(factor_attempts::find(&app.app.store.read(), ana).await.unwrap().failures, 3);
}

/// OT-2: a long pause of the second factor is lifted by mail, once a day.
#[tokio::test]
async fn a_long_pause_of_codes_is_lifted_by_mail_once_a_day() {
    let app = TestApp::with(|config| {
        config.limits.code_free = 2;
        config.limits.code_pause = "1h".parse().unwrap();
    })
    .await;
    let phone = app.with_totp(seed::ANA).await;
    let guessed = async || {
        let stranger = app.browser();
        let mut page = stranger.open("/login").await.sign_in(seed::ANA).await;
        for _ in 0..2 {
            page = page.give_code(&phone.wrong_code()).await;
        }
    };
    guessed().await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.click("#unlock-send").await.expect("/login/unlock", 200);
    let link = app.mail("unlock", seed::ANA).await.path("link");
    let page = browser.open(&link).await.click("#unlock-submit").await.expect("/login", 200);
    page.sign_in(seed::ANA).await.give_code(&phone.next_code()).await.expect("/account", 200);

    // What was wrong in a browser that knows them is lifted with it.
    app.clear_mails().await;
    app.advance(Duration::from_hours(25));
    browser.forget_cookie("__Host-vestibule-session");
    let mut page = browser.open("/login").await.sign_in(seed::ANA).await;
    for _ in 0..3 {
        page = page.give_code(&phone.wrong_code()).await;
    }
    page.expect("/login/code", 429).click("#unlock-send").await.expect("/login/unlock", 200);
    let link = app.mail("unlock", seed::ANA).await.path("link");
    let page = browser.open(&link).await.click("#unlock-submit").await.expect("/login", 200);
    page.sign_in(seed::ANA).await.give_code(&phone.next_code()).await.expect("/account", 200);

    app.clear_mails().await;
    app.advance(Duration::from_hours(2));
    guessed().await;
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.click("#unlock-send").await;
    let link = app.mail("unlock", seed::ANA).await.path("link");
    browser.open(&link).await.click("#unlock-submit").await.expect("/login/unlock", 410).assert_text("once a day");
}
