//! Confirming an address, and changing it.

use std::time::Duration;

use crate::harness::{Browser, Page, TestApp, seed};

const NEW: &str = "ana.souza@example.net";

/// Asks for another address in a browser that has just signed in.
async fn ask<'b>(browser: &'b Browser<'b>, email: &str) -> Page<'b> {
    browser.open("/account/email").await.expect("/account/email", 200).fill("New email", email).click("Confirm").await
}

/// The new address gets a link and a code, the old one a word; only the confirmation changes anything, and then the old one is told again.
#[tokio::test]
async fn the_address_changes_when_the_new_one_has_confirmed_it() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let id = app.user(seed::ANA).await.id;
    ask(&browser, NEW).await.expect("/email/confirm", 200).assert_text("We sent a link and a code to ana.souza@example.net");
    let word = app.mail("email_changed", seed::ANA).await;
    assert_eq!(word.fields["done"], false);
    let link = app.mail("confirm_email", NEW).await.path("link");
    let elsewhere = app.browser();
    // Signed out, the person logs in first: whoever reads the mail of a mistyped address must not get the account.
    let page = elsewhere.open(&link).await.expect("/login", 200).sign_in(seed::ANA).await.expect("/account/email/confirm", 200);
    page.assert_text("From now on you will log in with ana.souza@example.net");
    assert_eq!(app.user(seed::ANA).await.id, id, "looking changes nothing");
    page.click("Confirm").await.expect("/email/confirm", 200).assert_text("Your email is confirmed");
    let changed = app.user(NEW).await;
    assert!(changed.id == id && changed.email_verified);
    assert_eq!(app.mail("email_changed", seed::ANA).await.fields["done"], true);
    for event in ["email.change_requested", "email.changed"] {
        assert!(app.audit().await.contains(&event.to_owned()), "{event}");
    }
    app.browser().open("/login").await.sign_in(NEW).await.expect("/account", 200);
    elsewhere.open(&link).await.expect("/email/confirm", 410).assert_text("already been used");
}

/// The six digits do the same in the browser that asked.
#[tokio::test]
async fn the_code_confirms_in_the_browser_that_asked() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = ask(&browser, NEW).await;
    let code = app.mail("confirm_email", NEW).await.text("code");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let page = page.fill("Code from the email", wrong).click("Confirm").await.expect("/email/confirm", 422);
    page.assert_text("That code is not correct");
    page.fill("Code from the email", &code).click("Confirm").await.expect("/email/confirm", 200);
    app.user(NEW).await;
}

/// Five codes for one mail.
#[tokio::test]
async fn codes_cannot_be_guessed() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let mut page = ask(&browser, NEW).await;
    let code = app.mail("confirm_email", NEW).await.text("code");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        page = page.fill("Code from the email", wrong).click("Confirm").await.expect("/email/confirm", 422);
    }
    let page = page.fill("Code from the email", &code).click("Confirm").await.expect("/email/confirm", 422);
    page.assert_text("can no longer be used");
    assert_eq!(app.user(seed::ANA).await.email, seed::ANA);
}

/// Somebody else's address is asked for in the same words, and refused only to whoever can read its mail.
#[tokio::test]
async fn an_address_that_somebody_has_is_not_taken_from_them() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    ask(&browser, seed::BRUNO).await.expect("/email/confirm", 200).assert_text("We sent a link and a code");
    let link = app.mail("confirm_email", seed::BRUNO).await.path("link");
    let page = app.browser().open(&link).await.status();
    assert_eq!(page, 200);
    browser.open(&link).await.click("Confirm").await.expect("/email/confirm", 410).assert_text("cannot be used");
    assert_ne!(app.user(seed::ANA).await.id, app.user(seed::BRUNO).await.id);
}

/// A proof of a while ago is asked for again (OWASP ASVS 5 §7.5.1).
#[tokio::test]
async fn a_change_needs_a_fresh_proof() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.advance(Duration::from_mins(6));
    browser.open("/account/email").await.expect("/account/confirm", 200);
    app.browser().open("/account/email").await.expect("/login", 200);
}

/// What cannot be an address of ours is said at the field.
#[tokio::test]
async fn addresses_that_look_like_others_are_refused() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for (typed, told) in [
        ("nonsense", "Enter an email address"),
        ("аna@example.test", "Use letters of one script"),
        ("Ana@Example.test", "This is the address you already have"),
    ] {
        let page = ask(&browser, typed).await.expect("/account/email", 422);
        page.assert_text(told);
        assert_eq!(page.value("New email"), typed);
    }
    assert_eq!(app.mail_count("confirm_email").await, 0);
}

/// A change that waits dies with the credentials it was asked with, and a link to a new password with the address it went to.
#[tokio::test]
async fn waiting_changes_die_with_what_they_were_asked_with() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    ask(&browser, NEW).await;
    let change = app.mail("confirm_email", NEW).await.path("link");
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&change).await.click("Confirm").await.expect("/email/confirm", 410);
    let other = app.browser();
    browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let reset = app.mail("password_reset", seed::ANA).await.path("link");
    ask(&browser, NEW).await;
    browser.open(&app.mail("confirm_email", NEW).await.path("link")).await.click("Confirm").await.expect("/email/confirm", 200);
    other.open(&reset).await.expect("/password/reset/finish", 410);
}

/// An address that was never confirmed can be from My Account.
#[tokio::test]
async fn an_unconfirmed_address_is_confirmed_from_my_account() {
    let app = TestApp::start().await;
    app.change_user(seed::BRUNO, |user| user.email_verified = false).await;
    let browser = app.browser_of(seed::BRUNO).await;
    let page = browser.open("/account/email").await.click("Send a confirmation").await.expect("/email/confirm", 200);
    let code = app.mail("confirm_email", seed::BRUNO).await.text("code");
    page.fill("Code from the email", &code).click("Confirm").await.expect("/email/confirm", 200);
    assert!(app.user(seed::BRUNO).await.email_verified);
    assert!(app.audit().await.contains(&"email.verified".to_owned()));
}

/// An hour later, cut off, or of another kind.
#[tokio::test]
async fn dead_links_are_told_apart() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    ask(&browser, NEW).await;
    let link = app.mail("confirm_email", NEW).await.path("link");
    let other = app.browser();
    other.open(&link[..link.len() - 2]).await.expect("/email/confirm", 410).assert_text("does not work");
    browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let reset = app.mail("password_reset", seed::ANA).await.path("link");
    let swapped = reset.replace("/password/reset/finish", "/email/confirm");
    other.open(&swapped).await.expect("/email/confirm", 410).assert_text("does not work");
    app.advance(Duration::from_mins(61));
    other.open(&link).await.expect("/email/confirm", 410).assert_text("has expired");
}

/// Nobody else confirms it, with the link or with the code, whoever is signed in where the link is opened.
#[tokio::test]
async fn the_change_is_confirmed_by_its_own_person() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let asked = ask(&browser, NEW).await;
    let mail = app.mail("confirm_email", NEW).await;
    let bruno = app.browser_of(seed::BRUNO).await;
    bruno.open(&mail.path("link")).await.expect("/email/confirm", 403).assert_text("The address of another account is to change");
    let elsewhere = app.browser_of(seed::BRUNO).await;
    let (_, form) = elsewhere.open("/account/email").await.form_of("Confirm");
    elsewhere.open(&mail.path("link")).await;
    let token: Vec<_> = form.into_iter().filter(|(name, _)| name == "csrf_token").collect();
    elsewhere.submit("/email/confirm", &token).await.expect("/email/confirm", 403);
    browser.forget_cookie("__Host-vestibule-session");
    let page = asked.fill("Code from the email", &mail.text("code")).click("Confirm").await.expect("/login", 200);
    assert!(app.user_or_none(NEW).await.is_none());
    page.sign_in(seed::ANA).await.expect("/account/email/confirm", 200).click("Confirm").await.expect("/email/confirm", 200);
    app.user(NEW).await;
}

/// RS-6: a mailbox is not filled from several accounts, nor several from one client address.
#[tokio::test]
async fn mails_are_limited_by_mailbox_and_by_client_address() {
    let app = TestApp::start().await;
    let (ana, bruno) = (app.browser_of(seed::ANA).await, app.browser_of(seed::BRUNO).await);
    for browser in [&ana, &bruno, &ana] {
        ask(browser, NEW).await.expect("/email/confirm", 200);
    }
    ask(&bruno, NEW).await.expect("/account/email", 422).assert_text("Too many emails");
    assert_eq!(app.mail_count("confirm_email").await, 3);

    let app = TestApp::with(|config| config.recovery.mails_per_address = "2/1h".parse().unwrap()).await;
    let browser = app.browser_of(seed::ANA).await;
    for to in ["a@example.net", "b@example.net"] {
        ask(&browser, to).await.expect("/email/confirm", 200);
    }
    ask(&browser, "c@example.net").await.expect("/account/email", 422);
}

/// Where only addresses of some domains may have accounts, no account gets another.
#[tokio::test]
async fn the_domains_of_registration_hold_for_changes_too() {
    let app = TestApp::with(|config| config.registration.allowed_domains = "example.test example.org".to_owned()).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = ask(&browser, NEW).await.expect("/account/email", 422);
    page.assert_text("Use an address that ends in one of: example.test, example.org");
    ask(&browser, "ana.souza@example.org").await.expect("/email/confirm", 200);
}
