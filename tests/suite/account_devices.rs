//! Devices and sessions, connected applications: PAGES §3, SECURITY SE-7.

use crate::harness::{TestApp, TokenRequest, seed};

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0";

/// SE-7: a person sees where they are signed in, with the applications, and ends one.
#[tokio::test]
async fn a_session_elsewhere_is_seen_and_ended() {
    let app = TestApp::start().await;
    let here = app.browser_of(seed::ANA).await;
    let there = app.browser_of(seed::ANA).await;
    let code = there.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
    let page = here.open("/account").await.click("Devices and sessions").await.expect("/account/sessions", 200);
    page.assert_text("This device");
    page.assert_text("Applications: AutoTalk");
    assert_eq!(page.count(".items > li"), 2);
    let other = page.attribute(".items > li:nth-child(2) button", "value").unwrap();
    let page = page.click(&format!("[value='{other}']")).await.expect("/account/sessions", 200);
    page.assert_text("That device has been logged out.");
    assert_eq!(page.count(".items > li"), 1);
    there.open("/account").await.expect("/login", 200);
    here.open("/account").await.expect("/account", 200);
}

/// All others at once.
#[tokio::test]
async fn all_other_sessions_are_ended() {
    let app = TestApp::start().await;
    let here = app.browser_of(seed::ANA).await;
    let (one, two) = (app.browser_of(seed::ANA).await, app.browser_of(seed::ANA).await);
    let page = here.open("/account/sessions").await.click("Log out all other devices").await;
    page.assert_text("All other devices have been logged out.");
    page.assert_text("You are logged in nowhere else.");
    one.open("/account").await.expect("/login", 200);
    two.open("/account").await.expect("/login", 200);
    here.open("/account").await.expect("/account", 200);
}

/// What others hold ends with them, on every process: what an application was granted for longer than the session, and the trust in a browser.
#[tokio::test]
async fn ending_all_others_ends_what_they_hold() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let there = app.browser();
    let page = there.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.tamper("trust", "1").give_code(&phone.code()).await.expect("/account", 200);
    let url = app.authorize(seed::TICKETING).with("scope", "openid email offline_access").url();
    let code = there.open(&url).await.allow_if_asked().await.code();
    let tokens = app.token(TokenRequest::code(seed::TICKETING, &code)).await.expect(200).json();
    let here = app.browser();
    let page = here.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.give_code(&phone.next_code()).await.expect("/account", 200);
    here.open("/account/sessions").await.click("Log out all other devices").await.expect("/account/sessions", 200);
    let other = app.replica().await;
    let refresh = TokenRequest::refresh(seed::TICKETING, tokens["refresh_token"].as_str().unwrap());
    other.token(refresh).await.expect_error(400, "invalid_grant");
    assert_eq!(other.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
    there.at(&other).open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    here.at(&other).open("/account").await.expect("/account", 200);
    assert!(app.audit().await.contains(&"user.sessions_ended".to_owned()));
}

/// Nobody ends somebody else's session by its id.
#[tokio::test]
async fn a_session_of_somebody_else_cannot_be_ended() {
    let app = TestApp::start().await;
    let ana = app.browser_of(seed::ANA).await;
    let bruno = app.browser_of(seed::BRUNO).await;
    let id = ana.open("/account/sessions").await.attribute(".items li button", "value").unwrap();
    let (action, mut form) = bruno.open("/account/sessions").await.form_of("Log out here");
    form.retain(|(name, _)| name != "end");
    form.push(("end".to_owned(), id));
    bruno.post(&action, &form).await.expect(303);
    ana.open("/account").await.expect("/account", 200);
}

/// What a browser says it is becomes words.
#[tokio::test]
async fn devices_are_named_in_words() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let (action, mut form) = browser.open("/login").await.form_of("#login-submit");
    form.retain(|(name, _)| name != "email" && name != "password");
    form.push(("email".to_owned(), seed::ANA.to_owned()));
    form.push(("password".to_owned(), seed::PASSWORD.to_owned()));
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request =
        browser.request("POST", &action).header("content-type", "application/x-www-form-urlencoded").header("user-agent", FIREFOX);
    let request = request.body(axum::body::Body::from(crate::harness::encode(&pairs))).unwrap();
    browser.send(request).await.expect(303);
    let page = browser.open("/account/sessions").await;
    page.assert_text("Firefox on Windows");
    page.assert_text("192.0.2.1");
    browser.open("/account/activity").await.assert_text("Firefox on Windows");
}

/// What was allowed is listed in words and can be taken back, with every token.
#[tokio::test]
async fn an_applications_access_is_seen_and_removed() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open("/account/applications").await.assert_text("No application uses your account.");
    let url = app.authorize(seed::TICKETING).with("scope", "openid email offline_access").url();
    let code = browser.open(&url).await.allow_if_asked().await.code();
    let tokens = app.token(TokenRequest::code(seed::TICKETING, &code)).await.expect(200).json();
    let page = browser.open("/account").await.click("Connected applications").await.expect("/account/applications", 200);
    page.assert_text("Ticketing");
    page.assert_text("see your email address");
    let page = page.click("Remove access").await.expect("/account/applications", 200);
    page.assert_text("The application can no longer use your account.");
    page.assert_text("No application uses your account.");
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
    app.token(TokenRequest::refresh(seed::TICKETING, tokens["refresh_token"].as_str().unwrap())).await.expect_error(400, "invalid_grant");
    assert!(app.audit().await.contains(&"consent.revoked".to_owned()));
    browser.open(&url).await.expect("/consent", 200);
}
