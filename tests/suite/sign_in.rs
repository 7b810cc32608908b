//! Signing in with e-mail and password: OpenID Connect Core §3.1.2.3, SECURITY §4.5.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule::secret::Digest;

use crate::harness::{Page, TestApp, seed};

async fn attempt<'b>(page: Page<'b>, email: &str, password: &str) -> Page<'b> {
    page.sign_in_with(email, password).await
}

/// OpenID Connect Core §3.1.2: sign in once and be back at the application.
#[tokio::test]
async fn the_right_password_leads_back_to_the_application() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await;
    page.code();
    assert!(browser.cookie("__Host-vestibule-session").is_some());
    assert!(app.audit().await.contains(&"sign_in.succeeded".to_owned()));
    assert!(app.user(seed::ANA).await.last_sign_in_at.is_some());
}

/// PW-1: unknown address, wrong password and disabled account cannot be told apart by status, text, headers or cookies.
#[tokio::test]
async fn unknown_wrong_and_disabled_get_the_same_answer() {
    let app = TestApp::start().await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("nobody@example.test", seed::PASSWORD),
        (seed::ANA, "not the right password"),
        (seed::CARLA, seed::PASSWORD),
        (seed::CARLA, "not the right password"),
    ] {
        let browser = app.browser();
        let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
        let page = attempt(page, email, password).await;
        page.assert_text("The email or password is not correct.");
        assert!(browser.cookie("__Host-vestibule-session").is_none(), "{email}");
        answers.push((page.status(), page.text(), page.answer.body.len() - email.len(), browser.cookie_names()));
    }
    let first = answers[0].clone();
    for answer in &answers {
        assert_eq!(answer.0, first.0);
        assert_eq!(answer.1, first.1);
        assert_eq!(answer.3, first.3);
    }
    let failed = app.audit().await.into_iter().filter(|kind| kind == "sign_in.failed").count();
    assert_eq!(failed, 4, "each refused attempt leaves one event");
}

/// The address stays in the form, the password does not.
#[tokio::test]
async fn after_a_failure_the_address_is_kept_and_the_password_is_not() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    let page = attempt(page, seed::ANA, "not the right password").await;
    assert_eq!(page.value("Email"), seed::ANA);
    assert_eq!(page.value("Password"), "");
    assert!(!page.answer.text().contains("not the right password"));
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    attempt(page, seed::ANA, seed::PASSWORD).await.code();
}

/// What is missing is named, and costs no attempt.
#[tokio::test]
async fn empty_fields_are_named() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    let page = attempt(page, "", seed::PASSWORD).await;
    assert!(page.has("[aria-invalid=true]"), "{page:?}");
    let page = attempt(page, seed::ANA, "").await;
    assert!(page.has("#password[aria-invalid=true]"), "{page:?}");
    assert!(!app.audit().await.contains(&"sign_in.failed".to_owned()));
}

/// PW-9: one canonical form of an address.
#[tokio::test]
async fn case_and_white_space_around_the_address_do_not_matter() {
    let app = TestApp::start().await;
    for typed in ["ANA@EXAMPLE.TEST", "  ana@example.test ", "Ana@Example.test"] {
        let browser = app.browser();
        attempt(browser.open(&app.authorize(seed::AUTOTALK).url()).await, typed, seed::PASSWORD).await.code();
    }
}

/// SP 800-63B-4 §3.1.1.2: the password is compared as typed (after NFC): case and spaces count.
#[tokio::test]
async fn the_password_is_compared_exactly() {
    let app = TestApp::start().await;
    for wrong in
        ["Correct horse battery staple", "correct horse battery staple ", "correct  horse battery staple", "correct horse battery stapl"]
    {
        let browser = app.browser();
        let page = attempt(browser.open(&app.authorize(seed::AUTOTALK).url()).await, seed::ANA, wrong).await;
        assert!(!page.has_left(), "{wrong}");
    }
}

/// PW-7: very long passwords and addresses are refused like wrong ones, not with a server error.
#[tokio::test]
async fn oversized_input_is_a_wrong_password() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    let page = attempt(page, seed::ANA, &"x".repeat(5000)).await;
    page.assert_text("The email or password is not correct.");
    let page = attempt(page, &format!("{}@example.test", "a".repeat(3000)), seed::PASSWORD).await;
    page.assert_text("The email or password is not correct.");
}

/// A bookmark of the sign-in page ends at My Account.
#[tokio::test]
async fn without_an_application_the_sign_in_ends_at_my_account() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open("/login").await.expect("/login", 200).sign_in(seed::ANA).await.expect("/account", 200);
    assert_eq!(page.h1(), "My Account");
    page.assert_text(seed::ANA);
}

/// My Account of a stranger is the sign-in page.
#[tokio::test]
async fn my_account_asks_a_stranger_to_sign_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.open("/account").await.expect("/login", 200).sign_in(seed::ANA).await.expect("/account", 200);
}

/// SE-1: a new identifier at every sign-in; the old cookie opens nothing.
#[tokio::test]
async fn signing_in_again_replaces_the_session_cookie() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let old = browser.cookie("__Host-vestibule-session").unwrap();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "login").url()).await;
    page.fill("Password", seed::PASSWORD).click("#login-submit").await.code();
    assert_ne!(browser.cookie("__Host-vestibule-session").unwrap(), old);
    let thief = app.browser();
    thief.set_cookie("__Host-vestibule-session", &old);
    thief.open("/account").await.expect("/login", 200);
}

/// A cookie somebody planted before the sign-in is not the session afterwards.
#[tokio::test]
async fn a_planted_session_cookie_is_not_adopted() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.set_cookie("__Host-vestibule-session", "planted");
    browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.code();
    assert_ne!(browser.cookie("__Host-vestibule-session").unwrap(), "planted");
}

/// AE-12: the sign-in page goes where the sealed flow says, whatever else the URL says.
#[tokio::test]
async fn there_is_no_open_redirect() {
    let app = TestApp::start().await;
    for name in ["next", "return_to", "redirect", "redirect_uri", "continue", "url"] {
        let browser = app.browser();
        let page = browser.open(&format!("/login?{name}=https%3A%2F%2Fevil.test%2F")).await;
        page.sign_in(seed::ANA).await.expect("/account", 200);
    }
}

/// People type their password into the field of the address: nothing in the log lets anybody try which.
#[tokio::test]
async fn what_was_typed_for_an_address_cannot_be_tried_from_the_log() {
    let app = TestApp::start().await;
    let typed = "my.password.2026";
    app.browser().open("/login").await.fill("Email", typed).fill("Password", "x").click("#login-submit").await.expect("/login", 422);
    let kept = app.audit_detail("sign_in.failed").await["address_digest"].as_str().unwrap().to_owned();
    let plain = URL_SAFE_NO_PAD.encode(Digest::of(typed.as_bytes()).as_bytes());
    assert!(kept.len() == 8 && !plain.starts_with(&kept), "{kept}");
}
