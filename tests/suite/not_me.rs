//! "This wasn't me": product flow T10.

use http::Method;
use vestibule::account::not_me;
use vestibule::store::user_security;

use crate::harness::{Browser, ISSUER, Page, TestApp, seed};

const NEW: &str = "seven green bicycles in the rain";
const BUTTON: &str = "Secure my account";

async fn path(app: &TestApp) -> String {
    let link = not_me::link(&app.app, app.user(seed::ANA).await.id, app.now());
    link.strip_prefix(ISSUER).unwrap().to_owned()
}

async fn frozen(app: &TestApp) -> bool {
    let id = app.user(seed::ANA).await.id;
    user_security::find(&app.app.store.read(), id).await.unwrap().frozen_at.is_some()
}

async fn press<'b>(browser: &'b Browser<'b>, path: &str) -> Page<'b> {
    browser.open(path).await.expect("/not-me", 200).click(BUTTON).await
}

/// The page explains; the button ends everything, and only the mail opens the account again.
#[tokio::test]
async fn the_button_ends_everything_and_the_mail_opens_the_account_again() {
    let app = TestApp::start().await;
    app.change_user(seed::BRUNO, |user| user.administrator = true).await;
    let thief = app.browser_of(seed::ANA).await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    let browser = app.browser();
    let page = browser.open(&path(&app).await).await.expect("/not-me", 200);
    page.assert_text("a•••@example.test");
    page.assert_text("everybody is logged out");
    let page = page.click(BUTTON).await.expect("/not-me", 200);
    page.assert_text("Your account is secured");
    assert!(page.url.query() == Some("done=1"));

    thief.open("/account").await.expect("/login", 200);
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
    thief.open("/login").await.sign_in(seed::ANA).await.expect("/login", 422);
    assert!(frozen(&app).await);
    app.mail("account_secured", seed::ANA).await;
    assert_eq!(app.mail("administrator_notice", seed::BRUNO).await.text("person"), seed::ANA);
    assert!(app.audit().await.contains(&"user.not_me".to_owned()));

    let link = app.mail("password_reset", seed::ANA).await.path("link");
    let page = browser.open(&link).await.fill("New password", NEW).fill("Confirm new password", NEW).click("Save").await;
    page.expect("/login", 200).sign_in_with(seed::ANA, NEW).await.expect("/account", 200);
    assert!(!frozen(&app).await);
}

/// Looking at it, by whatever program, does nothing.
#[tokio::test]
async fn looking_does_nothing() {
    let app = TestApp::start().await;
    let path = path(&app).await;
    let signed_in = app.browser_of(seed::ANA).await;
    for _ in 0..3 {
        app.method(Method::HEAD, &path).await.expect(200);
        app.get(&path).await.expect(200);
    }
    let scanner = app.browser();
    let (url, form) = scanner.open(&path).await.form_of(BUTTON);
    scanner.cross_site_post(&url, &form).await.expect(403);
    signed_in.open("/account").await.expect("/account", 200);
    assert!(!frozen(&app).await);
}

/// Used, expired and malformed links are told apart.
#[tokio::test]
async fn it_works_once_and_for_thirty_days() {
    let app = TestApp::start().await;
    let (used, late) = (path(&app).await, path(&app).await);
    let browser = app.browser();
    press(&browser, &used).await.expect("/not-me", 200);
    browser.open(&used).await.expect("/not-me", 410).assert_text("This was done before");
    browser.open("/not-me?token=x").await.expect("/not-me", 410).assert_text("This link does not work");
    browser.open("/not-me").await.expect("/not-me", 410).assert_text("This link does not work");
    let page = browser.open(&late).await;
    app.seconds_pass(30 * 24 * 3600);
    browser.open(&late).await.expect("/not-me", 410).assert_text("This link has expired");
    page.click(BUTTON).await.expect("/not-me", 410);
}

/// A form from before the cookies were cleared is shown again rather than acted upon or refused.
#[tokio::test]
async fn a_stale_form_is_shown_again() {
    let app = TestApp::start().await;
    let path = path(&app).await;
    let browser = app.browser();
    let page = browser.open(&path).await;
    browser.clear_cookies();
    let page = page.click(BUTTON).await.expect("/not-me", 422);
    assert!(!frozen(&app).await);
    page.click(BUTTON).await.expect("/not-me", 200);
    assert!(frozen(&app).await);
}

/// The link in the mail to an address that was taken away gives it back for three days, so that the reset goes to its owner.
#[tokio::test]
async fn the_old_address_takes_the_account_back_for_three_days() {
    for (days, restored) in [(2, true), (4, false)] {
        let app = TestApp::start().await;
        let ana = app.user(seed::ANA).await;
        app.change_user(seed::ANA, |user| user.email = "thief@example.test".to_owned()).await;
        let link = not_me::link_restoring(&app.app, ana.id, seed::ANA, app.now());
        app.seconds_pass(days * 24 * 3600);
        let browser = app.browser();
        press(&browser, link.strip_prefix(ISSUER).unwrap()).await.expect("/not-me", 200);
        let address = if restored { seed::ANA } else { "thief@example.test" };
        assert_eq!(app.user(address).await.id, ana.id);
        app.mail("password_reset", address).await;
    }
}

/// Whoever changes the address twice does not keep the account: the first mail, about the first change asked for, leads back to the first address, and the
/// mail to the address between them takes nothing back.
#[tokio::test]
async fn an_address_between_two_changes_takes_nothing_back() {
    const SECOND: &str = "thief@example.net";
    const THIRD: &str = "thief@example.org";
    let app = TestApp::start().await;
    let ana = app.user(seed::ANA).await.id;
    let thief = app.browser_of(seed::ANA).await;
    for (from, to) in [(seed::ANA, SECOND), (SECOND, THIRD)] {
        thief.open("/account/email").await.expect("/account/email", 200).fill("New email", to).click("Confirm").await;
        let link = app.mail("confirm_email", to).await.path("link");
        thief.open(&link).await.click("Confirm").await.expect("/email/confirm", 200);
        assert_eq!(app.user(to).await.id, ana, "changed from {from}");
    }
    let word = |address: &'static str| {
        let app = &app;
        async move { app.outbox().await.into_iter().rfind(|mail| mail.kind == "email_changed" && mail.to == address).unwrap().path("not_me") }
    };
    let (first, between) = (word(seed::ANA).await, word(SECOND).await);
    let browser = app.browser();
    press(&browser, &first).await.expect("/not-me", 200);
    assert_eq!(app.user(seed::ANA).await.id, ana);
    app.mail("password_reset", seed::ANA).await;
    press(&browser, &between).await;
    assert_eq!(app.user(seed::ANA).await.id, ana, "the address between the two takes nothing back");
}
