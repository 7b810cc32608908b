//! A sign-in from a browser that is new to the person is worth a mail.

use crate::harness::{ISSUER, TestApp, seed};

const COOKIE: &str = "__Host-vestibule-known-device";

/// The first sign-in of all is no news; the next browser is.
#[tokio::test]
async fn a_new_browser_is_told_to_its_owner() {
    let app = TestApp::start().await;
    let first = app.browser_of(seed::BRUNO).await;
    assert!(first.cookie(COOKIE).is_some());
    assert_eq!(app.mail_count("new_device").await, 0, "nobody is surprised by their first sign-in");
    app.browser_of(seed::BRUNO).await;
    let mail = app.mail("new_device", seed::BRUNO).await;
    assert_eq!(mail.fields["place"]["address"], "192.0.2.1");
    assert!(mail.text("not_me").starts_with(&format!("{ISSUER}/not-me?token=")));
    assert!(app.audit().await.contains(&"device.new".to_owned()));
    assert_eq!(app.mail_count("new_device").await, 1);
}

/// Signing in again in a browser that is known, after days and with other people in between, says nothing.
#[tokio::test]
async fn a_known_browser_is_no_news() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::BRUNO).await;
    for email in [seed::ANA, seed::BRUNO, seed::ANA, seed::BRUNO] {
        app.seconds_pass(24 * 3600);
        browser.forget_cookie("__Host-vestibule-session");
        browser.open("/login").await.sign_in(email).await.expect("/account", 200);
    }
    assert_eq!(app.mail_count("new_device").await, 0);
    browser.set_cookie(COOKIE, "forged");
    browser.forget_cookie("__Host-vestibule-session");
    browser.open("/login").await.sign_in(seed::BRUNO).await.expect("/account", 200);
    assert_eq!(app.mail_count("new_device").await, 1);
}
