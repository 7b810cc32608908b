//! Change password: PRODUCT-FLOWS T1 and T9, PAGES P8, SECURITY SE-1 and SE-5.

use vestibule::store::mails;
use vestibule::store::user_security::{self, Security};

use crate::harness::{Page, TestApp, TokenRequest, seed};

const NEW: &str = "seventeen green bicycles";
const SESSION: &str = "__Host-vestibule-session";

fn typed<'a>(page: Page<'a>, password: &str) -> Page<'a> {
    page.fill("New password", password).fill("Confirm new password", password)
}

/// T1, word by word.
#[tokio::test]
async fn my_account_change_password_save() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let before = browser.cookie(SESSION).unwrap();
    let page = browser.open("/account").await;
    assert_eq!(page.h1(), "My Account");
    let page = page.click("Change password").await.expect("/account/password", 200);
    page.assert_text("Your new password takes effect immediately.");
    page.assert_text("At least 15 characters.");
    assert!(page.has("#log-out-others[checked]"));
    for id in ["new-password", "new-password-confirmation"] {
        assert_eq!(page.attribute(&format!("#{id}"), "autocomplete").as_deref(), Some("new-password"));
    }
    let page = typed(page, NEW).click("Save").await.expect("/account", 200);
    page.assert_text("Your password has been changed. It takes effect immediately.");
    assert_ne!(browser.cookie(SESSION).unwrap(), before);

    let other = app.browser();
    let page = other.open("/login").await.sign_in(seed::ANA).await;
    assert_eq!(page.status(), 422, "the old password opens nothing");
    page.sign_in_with(seed::ANA, NEW).await.expect("/account", 200);
    assert!(app.audit().await.contains(&"user.password_changed".to_owned()));
    let mails = mails::list(&app.app.store.read(), 10).await.unwrap();
    assert!(mails.iter().any(|mail| mail.kind == "password_changed"));
    let user = app.user(seed::ANA).await;
    assert!(user_security::find(&app.app.store.read(), user.id).await.unwrap().password_changed_at.is_some());
}

/// SE-5: everything that was open elsewhere is closed; here one goes on, under another cookie.
#[tokio::test]
async fn other_sessions_and_all_grants_die() {
    let app = TestApp::start().await;
    let here = app.browser_of(seed::ANA).await;
    let there = app.browser_of(seed::ANA).await;
    let code = there.open(&app.authorize(seed::AUTOTALK).with("scope", "openid offline_access").url()).await.allow_if_asked().await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let kept = here.cookie(SESSION).unwrap();
    typed(here.open("/account/password").await, NEW).click("Save").await.expect("/account", 200);
    there.open("/account").await.expect("/login", 200);
    here.open("/account").await.expect("/account", 200);
    let refresh = TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap());
    app.token(refresh).await.expect_error(400, "invalid_grant");
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
    let thief = app.browser();
    thief.set_cookie(SESSION, &kept);
    thief.open("/account").await.expect("/login", 200);
}

/// Who unticks the box stays signed in elsewhere; what applications were granted ends all the same.
#[tokio::test]
async fn other_browsers_go_on_when_the_person_wants_it() {
    let app = TestApp::start().await;
    let here = app.browser_of(seed::ANA).await;
    let there = app.browser_of(seed::ANA).await;
    let code = there.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let page = typed(here.open("/account/password").await, NEW).tamper("log_out_others", "");
    page.click("Save").await.expect("/account", 200);
    there.open("/account").await.expect("/account", 200);
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
}

/// T9 and PAGES P8: each reason in its own words, at the field, and nothing is changed.
#[tokio::test]
async fn unacceptable_passwords_are_refused_with_the_reason() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for (password, reason) in [
        ("", "Enter a new password"),
        ("too short", "Use at least 15 characters. You typed 9."),
        (&"long".repeat(40), "That password is too long."),
        ("passwordpassword", "Many people use this password"),
        ("ana@example.test", "That password is mostly your email address."),
        ("anasouza@2026!!", "That password is mostly your name."),
        ("vestibule-2026!!", "That password is mostly the name of this service."),
        ("abababababababab", "repeats the same few characters"),
        ("bcdefghijklmnopq", "a row of neighbouring characters"),
        (seed::PASSWORD, "That is the password you already have."),
    ] {
        let page = typed(browser.open("/account/password").await, password).click("Save").await;
        assert_eq!(page.status(), 422, "{password}");
        page.assert_text(reason);
        assert!(page.has("#new-password[aria-invalid=true]") && page.title().starts_with("Error: "), "{password}");
    }
    let page = browser.open("/account/password").await.fill("New password", NEW).fill("Confirm new password", "something else entirely");
    page.click("Save").await.assert_text("The two passwords do not match.");
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
}

/// After "This wasn't me" whoever sits in the session cannot change anything: the mail is the way.
#[tokio::test]
async fn a_frozen_account_changes_no_password() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let open = browser.open("/account/password").await;
    let (id, now) = (app.user(seed::ANA).await.id, app.now());
    let frozen = Security { frozen_at: Some(now), ..Security::default() };
    app.app
        .store
        .write(move |conn| Box::pin(async move { user_security::update(conn, id, &user_security::Security::default(), &frozen).await }))
        .await
        .unwrap();
    let page = typed(open, NEW).click("Save").await;
    assert_eq!(page.status(), 422);
    assert!(!page.has("#new-password"));
    page.assert_text("Reset your password");
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
}

/// PW-7: every replica and every way to choose a password knows the same list; the form says the length that holds for the person.
#[tokio::test]
async fn a_required_second_factor_allows_eight_characters() {
    let app = TestApp::with(|config| config.password.min_length = 12).await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open("/account/password").await.assert_text("At least 12 characters.");
}

/// A stolen form from another site changes nothing.
#[tokio::test]
async fn another_site_cannot_change_the_password() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let (action, mut form) = typed(browser.open("/account/password").await, NEW).form_of("Save");
    assert!(!browser.cross_site_post(&action, &form).await.status.is_redirection());
    form.retain(|(name, _)| name != "csrf_token");
    browser.post(&action, &form).await.expect(422);
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
}
