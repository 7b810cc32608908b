//! Confirming who one is before a change to the account's security: PAGES P9, SECURITY OT-4.

use crate::harness::{Browser, Page, TestApp, seed};

/// Everything that protects an account asks for a proof of the last five minutes, and goes on by itself afterwards.
#[tokio::test]
async fn an_old_proof_is_confirmed_and_the_page_follows_by_itself() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open("/account/password").await.expect("/account/password", 200);
    app.seconds_pass(301);
    let before = browser.cookie("__Host-vestibule-session");
    let page = browser.open("/account/password").await.expect("/account/confirm", 200);
    assert_eq!(page.h1(), "Confirm your password");
    assert_eq!(page.value("Email"), seed::ANA);
    assert_eq!(page.attribute("#identifier", "autocomplete").as_deref(), Some("username"));
    assert!(page.attribute("#identifier", "readonly").is_some());
    let page = page.fill("Password", seed::PASSWORD).click("Confirm").await;
    page.expect("/account/password", 200);
    assert_ne!(browser.cookie("__Host-vestibule-session"), before, "SE-1: a new identifier with every proof");
}

/// PAGES P9.
#[tokio::test]
async fn a_wrong_password_stays_on_the_page() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(301);
    for typed in ["", "not the right password"] {
        let page = browser.open("/account/password").await.fill("Password", typed).click("Confirm").await;
        assert_eq!(page.status(), 422);
        assert!(page.title().starts_with("Error: "), "{}", page.title());
        assert!(page.has("#password[aria-invalid=true]"));
    }
    browser.open("/account/password").await.expect("/account/confirm", 200);
}

/// AE-12: where it leads is one of our names.
#[tokio::test]
async fn only_pages_of_ours_follow() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for then in ["//evil.example", "https://evil.example", "", "nothing"] {
        browser.open(&format!("/account/confirm?then={then}")).await.expect("/account", 200);
    }
}

async fn sign_in<'a>(browser: &'a Browser<'a>, page: Page<'a>) -> Page<'a> {
    assert_eq!(page.path(), "/login");
    let _ = browser;
    page.sign_in(seed::ANA).await
}

/// PAGES §1.5: the address password managers open works signed out: sign in, then change.
#[tokio::test]
async fn the_well_known_address_leads_to_the_change_of_password() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open("/.well-known/change-password").await;
    sign_in(&browser, page).await.expect("/account/password", 200);
    app.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200").await.expect(404);
}

/// Somebody who is not signed in comes back to the page they wanted.
#[tokio::test]
async fn signing_in_leads_to_the_page_that_was_wanted() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open("/account/confirm?then=password").await;
    sign_in(&browser, page).await.expect("/account/password", 200);
}

/// Too many wrong passwords are said on the page itself, with its form and its way back, and when to try again.
#[tokio::test]
async fn too_many_wrong_passwords_are_said_on_the_page() {
    let app = TestApp::with(|config| config.limits.enabled = true).await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(301);
    let mut page = browser.open("/account/password").await.expect("/account/confirm", 200);
    for _ in 0..30 {
        page = page.fill("Password", "not the right password").click("Confirm").await;
        if page.status() != 422 {
            break;
        }
    }
    assert_eq!((page.status(), page.h1().as_str()), (429, "Confirm your password"), "{page:?}");
    page.assert_text("Too many attempts. Try again in");
    assert!(page.has("#confirm-submit") && page.has("#password[aria-invalid=true]"));
    assert!(page.answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(!page.has_text("not the right password"));
}
