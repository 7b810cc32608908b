//! An application that asks for more: `acr_values` (OpenID Connect Core §3.1.2.1), RFC 9470.

use std::time::Duration;

use crate::harness::{Authenticator, Browser, Credentials, Page, TestApp, TokenRequest, claims_of, seed};

/// The ID token's claims at the end of a journey.
async fn claims(app: &TestApp, page: &Page<'_>) -> serde_json::Value {
    let json = app.token(TokenRequest::code(seed::AUTOTALK, &page.code())).await.expect(200).json();
    claims_of(json["id_token"].as_str().unwrap())
}

fn two_factors(app: &TestApp) -> String {
    app.authorize(seed::AUTOTALK).with("acr_values", "aal2").url()
}

/// A browser in which the password is enough, of somebody who has an authenticator app.
async fn trusted<'a>(app: &'a TestApp, phone: &Authenticator<'_>) -> Browser<'a> {
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.tamper("trust", "1").give_code(&phone.code()).await.expect("/account", 200);
    browser.forget_cookie("__Host-vestibule-session");
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
    browser
}

/// RFC 9470 §5: the second factor alone is asked for on top of a live session, whose `sid` and `auth_time` stay.
#[tokio::test]
async fn a_live_session_gives_the_second_factor_alone() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = trusted(&app, &phone).await;
    let before = claims(&app, &browser.open(&app.authorize(seed::AUTOTALK).url()).await).await;
    assert_eq!(before["acr"], "aal1");
    let silent = browser.open(&app.authorize(seed::AUTOTALK).with("acr_values", "aal2").with("prompt", "none").url()).await;
    assert_eq!(silent.error(), "login_required");
    let page = browser.open(&two_factors(&app)).await.expect("/login/code", 200);
    let page = page.give_code(&phone.next_code()).await;
    let after = claims(&app, &page).await;
    assert_eq!(after["acr"], "aal2");
    assert_eq!((&after["sid"], &after["auth_time"]), (&before["sid"], &before["auth_time"]));
    // And from now on nothing is asked.
    browser.open(&two_factors(&app)).await.code();
}

/// Who has no second factor sets one up for the application that asks for it.
#[tokio::test]
async fn who_has_none_sets_one_up() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&two_factors(&app)).await.expect("/login/enroll", 200);
    page.assert_text("AutoTalk asks for a second factor.");
    let phone = Authenticator::scan(&app, &page);
    let page = page.give_code(&phone.code()).await.expect("/login/recovery-codes", 200).click("#codes-saved").await;
    assert_eq!(claims(&app, &page).await["acr"], "aal2");
}

/// `max_age` counts from the password: an old sign-in gives both.
#[tokio::test]
async fn an_old_session_gives_both() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = trusted(&app, &phone).await;
    app.advance(Duration::from_mins(10));
    let url = app.authorize(seed::AUTOTALK).with("acr_values", "aal2").with("max_age", "60").url();
    let page = browser.open(&url).await.expect("/login", 200).fill("Password", seed::PASSWORD).click("#login-submit").await;
    let page = page.expect("/login/code", 200).give_code(&phone.code()).await;
    let claims = claims(&app, &page).await;
    assert_eq!(claims["acr"], "aal2");
    assert!(app.now().secs() - claims["auth_time"].as_i64().unwrap() < 5);
}

/// A code by mail does not make two factors; it is asked for all the same, before another factor is set up: the password alone sets up nothing.
#[tokio::test]
async fn a_code_by_mail_is_not_enough() {
    let app = TestApp::start().await;
    app.with_email_codes(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open(&two_factors(&app)).await.sign_in(seed::ANA).await.expect("/login/email-code", 200);
    let flow = page.url.query().unwrap().to_owned();
    browser.open(&format!("/login/enroll?{flow}")).await.expect("/login/email-code", 200);
    let code = app.mail_to(seed::ANA).await.code().unwrap();
    browser.open(&format!("/login/email-code?{flow}")).await.give_code(&code).await.expect("/login/enroll", 200);
}

/// OT-4: a browser that was left open gets no second factor of somebody else's: the password is asked for first.
#[tokio::test]
async fn an_old_session_sets_nothing_up() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.advance(Duration::from_mins(10));
    let page = browser.open(&two_factors(&app)).await.expect("/login", 200);
    page.fill("Password", seed::PASSWORD).click("#login-submit").await.expect("/login/enroll", 200);
}

/// OpenID Connect Core §3.1.2.1: the values are in order of preference.
#[tokio::test]
async fn who_prefers_one_factor_gets_it() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for values in ["aal1 aal2", "urn:example:other", "aal1"] {
        let page = browser.open(&app.authorize(seed::AUTOTALK).with("acr_values", values).url()).await;
        assert_eq!(claims(&app, &page).await["acr"], "aal1", "{values}");
    }
}

/// RFC 9470 §4, §5, as a resource server and its client live it: the API finds `acr` too little and answers `insufficient_user_authentication`; the
/// application asks with the `acr_values` it was told; the new access token is enough, and introspection says the same.
#[tokio::test]
async fn a_resource_server_gets_the_second_factor_it_asks_for() {
    let challenge = |claims: &serde_json::Value| {
        let enough = claims["acr"] == "aal2" && claims["auth_time"].is_i64();
        (!enough).then_some(r#"Bearer error="insufficient_user_authentication", acr_values="aal2""#)
    };
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = trusted(&app, &phone).await;
    let token = async |page: &Page<'_>| {
        let json = app.token(TokenRequest::code(seed::AUTOTALK, &page.code())).await.expect(200).json();
        json["access_token"].as_str().unwrap().to_owned()
    };
    let first = token(&browser.open(&app.authorize(seed::AUTOTALK).url()).await).await;
    let asked = challenge(&claims_of(&first)).expect("a password on a trusted device is too little");
    let acr_values = asked.split("acr_values=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("acr_values", acr_values).url()).await;
    let page = page.give_code(&phone.next_code()).await;
    let second = token(&page).await;
    assert_eq!(challenge(&claims_of(&second)), None);
    let told = app.introspect(Credentials::of(seed::AUTOTALK), &second).await.json();
    assert_eq!(challenge(&told), None, "{told}");
}

/// OpenID Connect Core §5.5.1.1: an essential `acr` is got, or is an error that says so; one that cannot be had is said at once.
#[tokio::test]
async fn an_essential_acr_is_got_or_refused() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = trusted(&app, &phone).await;
    let asking = |claims: &str| app.authorize(seed::AUTOTALK).with("claims", claims);
    let wanted = r#"{"id_token":{"acr":{"essential":true,"values":["aal2"]}}}"#;
    assert_eq!(browser.open(&asking(wanted).with("prompt", "none").url()).await.error(), "login_required");
    let page = browser.open(&asking(wanted).url()).await.expect("/login/code", 200);
    let page = page.give_code(&phone.next_code()).await;
    assert_eq!(claims(&app, &page).await["acr"], "aal2");
    let unknown = r#"{"id_token":{"acr":{"essential":true,"value":"urn:example:gold"}}}"#;
    assert_eq!(browser.open(&asking(unknown).url()).await.error(), "unmet_authentication_requirements");
    let voluntary = r#"{"id_token":{"acr":{"value":"urn:example:gold"},"name":{"essential":true}},"userinfo":{"email":null}}"#;
    browser.open(&asking(voluntary).url()).await.code();
}
