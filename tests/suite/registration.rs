//! New accounts: `/sign-up`, and `prompt=create` (Initiating User Registration via OpenID Connect 1.0).

use std::time::Duration;

use vestibule::config::{Config, RegistrationMode};

use crate::harness::{Browser, Page, TestApp, seed};

const EVE: &str = "eve@example.test";
const PASSWORD: &str = "seven green bicycles in the rain";

fn open(config: &mut Config) {
    config.registration.mode = RegistrationMode::Open;
}

async fn ask<'b>(browser: &'b Browser<'b>, email: &str) -> Page<'b> {
    browser.open("/sign-up").await.expect("/sign-up", 200).fill("Email", email).click("Continue").await
}

async fn join<'b>(page: Page<'b>, name: &str) -> Page<'b> {
    page.fill("Full name", name).fill("New password", PASSWORD).fill("Confirm new password", PASSWORD).click("Create account").await
}

/// From an application that asks for it, and back to it with a code.
#[tokio::test]
async fn an_application_sends_somebody_to_make_an_account() {
    let app = TestApp::with(open).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "create").url()).await.expect("/sign-up", 200);
    page.assert_text("Create an account to continue to AutoTalk");
    page.fill("Email", EVE).click("Continue").await.expect("/sign-up/sent", 200);
    assert!(vestibule::store::users::find_by_email(&app.app.store.read(), EVE).await.unwrap().is_none(), "nothing exists yet");
    let link = app.mail("confirm_email", EVE).await.path("link");
    let page = join(browser.open(&link).await.expect("/sign-up/finish", 200), "Eve").await.expect("/login", 200);
    page.assert_text("Your account is ready");
    assert_eq!(page.value("Email"), EVE);
    let code = page.sign_in_with(EVE, PASSWORD).await.code();
    assert!(!code.is_empty());
    let eve = app.user(EVE).await;
    assert!(eve.email_verified && eve.profile.name.as_deref() == Some("Eve") && eve.profile.locale.as_deref() == Some("en"));
    assert!(app.audit().await.contains(&"user.registered".to_owned()));
}

/// The code of the mail opens the same page in the browser that asked.
#[tokio::test]
async fn the_code_opens_the_account_in_the_browser_that_asked() {
    let app = TestApp::with(open).await;
    let browser = app.browser();
    let page = ask(&browser, EVE).await.expect("/sign-up/sent", 200);
    let code = app.mail("confirm_email", EVE).await.text("code");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let page = page.fill("Code from the email", wrong).click("Continue").await;
    page.assert_text("That code is not correct");
    let page = page.fill("Code from the email", &code).click("Continue").await.expect("/sign-up/finish", 200);
    join(page, "Eve").await.expect("/login", 200);
}

/// OWASP ASVS 5 §6.3.8: an address that has an account gets the same page; its owner gets a mail that says so, and no account changes.
#[tokio::test]
async fn an_address_that_has_an_account_gets_the_same_answer() {
    let app = TestApp::with(open).await;
    let (one, two) = (app.browser(), app.browser());
    let before = app.user(seed::ANA).await;
    let (known, unknown) = (ask(&one, seed::ANA).await, ask(&two, EVE).await);
    assert_eq!(known.text().replace(seed::ANA, "X"), unknown.text().replace(EVE, "X"));
    app.mail("already_registered", seed::ANA).await;
    assert_eq!(app.mail_count("confirm_email").await, 1);
    assert_eq!(app.user(seed::ANA).await.password_hash, before.password_hash);
}

/// The same statements run for both.
#[tokio::test]
async fn the_same_work_is_done_for_both() {
    let app = TestApp::with(open).await;
    let mut costs = Vec::new();
    for email in [seed::ANA, EVE] {
        let browser = app.browser();
        let (url, form) = browser.open("/sign-up").await.fill("Email", email).form_of("Continue");
        let before = app.app.store.statement_counts();
        browser.post(&url, &form).await.expect(303);
        let after = app.app.store.statement_counts();
        costs.push((after.0 - before.0, after.1 - before.1));
    }
    assert_eq!(costs[0], costs[1]);
}

/// Where people cannot register themselves the page says whom to ask, and `prompt=create` is not supported.
#[tokio::test]
async fn closed_registration_says_whom_to_ask() {
    for (mode, words) in [(RegistrationMode::Invitation, "by invitation"), (RegistrationMode::Off, "by the administrators")] {
        let app = TestApp::with(|config| config.registration.mode = mode).await;
        let browser = app.browser();
        let page = browser.open("/sign-up").await.expect("/sign-up", 404);
        page.assert_text(words);
        let posted = browser.post("/sign-up", &[("email".to_owned(), EVE.to_owned())]).await;
        assert_eq!(posted.status, 404);
        assert_eq!(app.mail_count("confirm_email").await, 0);
        let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "create").url()).await;
        assert_eq!(page.error(), "invalid_request");
        let document = app.get("/.well-known/openid-configuration").await.json();
        assert!(!document["prompt_values_supported"].as_array().unwrap().contains(&"create".into()));
    }
    let app = TestApp::with(open).await;
    let document = app.get("/.well-known/openid-configuration").await.json();
    assert!(document["prompt_values_supported"].as_array().unwrap().contains(&"create".into()));
}

/// `prompt=create` is satisfied by signing in, and never asked again; with somebody signed in it still shows the page.
#[tokio::test]
async fn somebody_who_has_an_account_after_all_logs_in() {
    let app = TestApp::with(open).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "create").url()).await.expect("/sign-up", 200);
    let page = page.click("Log in").await.expect("/login", 200);
    assert!(!page.sign_in(seed::BRUNO).await.code().is_empty());
}

/// Only the domains that the operator allows.
#[tokio::test]
async fn only_allowed_domains_register() {
    let app = TestApp::with(|config| {
        open(config);
        config.registration.allowed_domains = "example.test example.org".to_owned();
    })
    .await;
    let browser = app.browser();
    let page = ask(&browser, "eve@elsewhere.test").await.expect("/sign-up", 422);
    page.assert_text("example.test, example.org");
    ask(&browser, "Eve@Example.ORG").await.expect("/sign-up/sent", 200);
    ask(&browser, "еve@example.test").await.expect("/sign-up", 422).assert_text("letters of one script");
}

/// A link makes one account, once; after an hour none.
#[tokio::test]
async fn links_work_once_and_for_an_hour() {
    let app = TestApp::with(open).await;
    let browser = app.browser();
    ask(&browser, EVE).await;
    let link = app.mail("confirm_email", EVE).await.path("link");
    ask(&browser, "mallory@example.test").await;
    let late = app.mail("confirm_email", "mallory@example.test").await.path("link");
    join(browser.open(&link).await, "Eve").await.expect("/login", 200);
    browser.open(&link).await.expect("/sign-up/finish", 410).assert_text("This account has been created");
    app.advance(Duration::from_mins(61));
    browser.open(&late).await.expect("/sign-up/finish", 410).assert_text("This link has expired");
    browser.open("/sign-up/finish?token=x").await.expect("/sign-up/finish", 410).assert_text("does not work");
}

/// A password that is too short is told at the field, and the name is kept.
#[tokio::test]
async fn mistakes_are_told_and_cost_nothing() {
    let app = TestApp::with(open).await;
    let browser = app.browser();
    ask(&browser, EVE).await;
    let page = browser.open(&app.mail("confirm_email", EVE).await.path("link")).await;
    let page =
        page.fill("Full name", "Eve").fill("New password", "short").fill("Confirm new password", "short").click("Create account").await;
    assert_eq!((page.status(), page.value("Full name").as_str()), (422, "Eve"));
    page.assert_text("Use at least 15 characters");
    join(page, "Eve").await.expect("/login", 200);
}

/// One client address cannot mail the world.
#[tokio::test]
async fn an_address_asks_for_ten_accounts_an_hour() {
    let app = TestApp::with(open).await;
    let browser = app.browser();
    for number in 0..12 {
        ask(&browser, &format!("eve{number}@example.test")).await.expect("/sign-up/sent", 200);
    }
    assert_eq!(app.mail_count("confirm_email").await, 10);
}

/// The row that counts the codes of a mail lives little longer than the mail, and a code for an old one leaves none.
#[tokio::test]
async fn codes_leave_no_rows_that_outlive_their_mail() {
    let app = TestApp::with(open).await;
    let browser = app.browser();
    let page = ask(&browser, EVE).await.expect("/sign-up/sent", 200);
    let counted = async || vestibule::store::buckets::list(&app.app.store.read(), "typed-code:", app.now(), 10).await.unwrap();
    let page = page.fill("Code from the email", "000000").click("Continue").await;
    let rows = counted().await;
    assert_eq!(rows.len(), 1);
    assert!(rows[0].1 < app.now().plus(Duration::from_hours(3)), "{rows:?}");
    let other = app.browser();
    let old = ask(&other, "other@example.test").await.expect("/sign-up/sent", 200);
    app.advance(Duration::from_hours(1));
    old.fill("Code from the email", "000000").click("Continue").await;
    page.fill("Code from the email", "000000").click("Continue").await;
    assert_eq!(counted().await.len(), 1, "only the one of before");
}
