//! "This wasn't me": product flow T10.

use http::Method;
use vestibule::account::not_me;
use vestibule::store::user_security;

use crate::harness::{Browser, ISSUER, Page, TestApp, seed};

const NEW: &str = "seven green bicycles in the rain";
const BUTTON: &str = "Secure my account";

async fn path(app: &TestApp) -> String {
    let link = not_me::link(&app.app, &app.user(seed::ANA).await, app.now());
    link.strip_prefix(ISSUER).unwrap().to_owned()
}

async fn frozen(app: &TestApp) -> bool {
    frozen_of(app, seed::ANA).await
}

async fn frozen_of(app: &TestApp, email: &str) -> bool {
    let id = app.user(email).await.id;
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
    assert_eq!(app.mail("account_secured", seed::ANA).await.path("reset"), "/password/reset");
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
        app.method(Method::HEAD, &path).await.expect(303);
        app.browser().open(&path).await.expect("/not-me", 200);
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
    app.browser().open("/not-me").await.expect("/not-me", 410).assert_text("This link does not work");
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
    browser.forget_cookie("__Host-vestibule-flow");
    let page = page.click(BUTTON).await.expect("/not-me", 422);
    assert!(!frozen(&app).await);
    page.click(BUTTON).await.expect("/not-me", 200);
    assert!(frozen(&app).await);
}

/// Somebody signed in gives the account another address, which is theirs.
async fn change_address(app: &TestApp, browser: &Browser<'_>, to: &str) {
    browser.open("/account/email").await.expect("/account/email", 200).fill("New email", to).click("Confirm").await;
    let link = app.mail("confirm_email", to).await.path("link");
    browser.open(&link).await.click("Confirm").await.expect("/email/confirm", 200);
    app.user(to).await;
}

const THIEF: &str = "thief@example.test";

/// Every mail that went to an address that was taken away gives it back for three days after that, however old it is, and the reset goes to its owner:
/// never to whoever took it. Later it does nothing.
#[tokio::test]
async fn the_old_address_takes_the_account_back_for_three_days() {
    for (days, restored) in [(2, true), (4, false)] {
        let app = TestApp::start().await;
        let ana = app.user(seed::ANA).await;
        let before = path(&app).await;
        app.seconds_pass(10 * 24 * 3600);
        let thief = app.browser_of(seed::ANA).await;
        change_address(&app, &thief, THIEF).await;
        let told = app.mail("email_changed", seed::ANA).await.path("not_me");
        app.seconds_pass(days * 24 * 3600);
        let browser = app.browser();
        for link in [before, told] {
            let page = browser.open(&link).await;
            if app.user_or_none(seed::ANA).await.is_some() {
                // Given back by the link before; this one is of its own.
                page.click(BUTTON).await.expect("/not-me", 200);
            } else if restored {
                page.assert_text("the account gets the address a•••@example.test back");
                page.click(BUTTON).await.expect("/not-me", 200);
            } else {
                page.expect("/not-me", 410).assert_text("Tell your account administrator");
            }
        }
        let address = if restored { seed::ANA } else { THIEF };
        assert_eq!(app.user(address).await.id, ana.id);
        assert_eq!(app.outbox().await.iter().any(|mail| mail.kind == "password_reset" && mail.to == seed::ANA), restored);
        assert!(!app.outbox().await.iter().any(|mail| mail.kind == "password_reset" && mail.to == THIEF), "the thief gets nothing");
        assert_eq!(frozen_of(&app, address).await, restored);
    }
}

/// A deletion that somebody else asked for ends with it, and the account opens again by the mail that follows.
#[tokio::test]
async fn a_deletion_that_waits_is_taken_back() {
    let app = TestApp::start().await;
    let before = path(&app).await;
    let thief = app.browser_of(seed::ANA).await;
    thief.open("/account/delete").await.click("Delete my account").await.expect("/account/delete/done", 200);
    let cancel = app.mail("account_deletion", seed::ANA).await.path("cancel");
    let browser = app.browser();
    let page = browser.open(&before).await.expect("/not-me", 200);
    page.assert_text("the account is not deleted");
    page.click(BUTTON).await.expect("/not-me", 200);
    let ana = app.user(seed::ANA).await;
    let security = user_security::find(&app.app.store.read(), ana.id).await.unwrap();
    assert!(ana.enabled && security.delete_at.is_none() && security.frozen_at.is_some());
    assert!(app.audit().await.contains(&"user.deletion_cancelled".to_owned()));
    browser.open(&cancel).await.expect("/account/delete/cancel", 200).assert_text("Your account stays");
    let link = app.mail("password_reset", seed::ANA).await.path("link");
    let page = browser.open(&link).await.fill("New password", NEW).fill("Confirm new password", NEW).click("Save").await;
    page.expect("/login", 200).sign_in_with(seed::ANA, NEW).await.expect("/account", 200);
    app.seconds_pass(15 * 24 * 3600);
    assert_eq!(vestibule::jobs::deletions::once(&app.app, "test").await.unwrap(), 0);
}

/// An account that an operator closed stays closed.
#[tokio::test]
async fn what_an_operator_closed_stays_closed() {
    let app = TestApp::start().await;
    let before = path(&app).await;
    let thief = app.browser_of(seed::ANA).await;
    thief.open("/account/delete").await.click("Delete my account").await.expect("/account/delete/done", 200);
    let now = app.now();
    app.change_user(seed::ANA, |user| user.updated_at = now).await;
    press(&app.browser(), &before).await.expect("/not-me", 200);
    assert!(!app.user(seed::ANA).await.enabled);
}

/// RS-1: the link's secret leaves the URL at once, for this browser's cookie.
#[tokio::test]
async fn the_link_goes_into_the_cookie_of_this_browser() {
    let app = TestApp::start().await;
    let path = path(&app).await;
    let (browser, other) = (app.browser(), app.browser());
    let answer = browser.get(&path).await.expect(303);
    assert_eq!(answer.location().path(), "/not-me");
    assert_eq!(answer.location().query(), None);
    let token = path.split_once("token=").unwrap().1;
    let page = browser.open("/not-me").await.expect("/not-me", 200);
    assert!(!page.answer.text().contains(token));
    other.open("/not-me").await.expect("/not-me", 410);
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
        change_address(&app, &thief, to).await;
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
    browser.open(&between).await.expect("/not-me", 410).assert_text("The account has another email address now");
    assert_eq!(app.user(seed::ANA).await.id, ana, "the address between the two takes nothing back");
}
