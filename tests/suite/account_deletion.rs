//! Download my data, delete account: PAGES §3.

use vestibule::jobs::deletions;
use vestibule::store::{audit_events, user_security, users};

use crate::harness::{ISSUER, TestApp, TokenRequest, seed};

/// Everything but secrets, in one file.
#[tokio::test]
async fn a_person_downloads_what_is_kept_about_them() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email").url()).await.allow_if_asked().await.code();
    let (action, form) = browser.open("/account/data").await.expect("/account/data", 200).form_of("#data-submit");
    let answer = browser.post(&action, &form).await.expect(200);
    assert!(answer.header("content-disposition").starts_with("attachment"));
    assert!(answer.header("cache-control").contains("no-store"));
    let data = answer.json();
    assert_eq!((&data["account"]["email"], &data["profile"]["name"]), (&seed::ANA.into(), &"Ana Souza".into()));
    assert_eq!(data["allowed_applications"][0]["client_id"], seed::TICKETING);
    assert!(data["activity"].as_array().unwrap().len() > 1);
    let text = answer.text();
    let hash = app.user(seed::ANA).await.password_hash.unwrap();
    assert!(!text.contains(&hash) && !text.contains("digest"), "no secrets");
    assert!(app.audit().await.contains(&"user.data_downloaded".to_owned()));
    app.seconds_pass(301);
    browser.open("/account/data").await.expect("/account/confirm", 200);
}

/// The link of the mail.
async fn cancel_link(app: &TestApp) -> String {
    let mails = app.mails().await;
    let mail = mails.iter().rev().find(|mail| mail.text.contains("/account/delete/cancel")).expect("a mail with the link back");
    let start = mail.text.find(ISSUER).unwrap();
    let rest = &mail.text[start..];
    let link = rest.split_whitespace().find(|word| word.contains("/account/delete/cancel")).unwrap();
    link.strip_prefix(ISSUER).unwrap().to_owned()
}

/// The account is closed at once; the link brings it back, once, and looking at it does nothing.
#[tokio::test]
async fn a_deletion_can_be_taken_back() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let there = app.browser_of(seed::ANA).await;
    let code =
        browser.open(&app.authorize(seed::AUTOTALK).with("scope", "openid offline_access").url()).await.allow_if_asked().await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let page = browser.open("/account/delete").await.expect("/account/delete", 200);
    page.assert_text("After 14 days");
    page.click("Delete my account").await.expect("/account/delete/done", 200).assert_text("Your account is closed");
    assert!(app.audit().await.contains(&"user.deletion_requested".to_owned()));
    for browser in [&browser, &there] {
        browser.open("/account").await.expect("/login", 200);
    }
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
    assert_eq!(app.browser().open("/login").await.sign_in(seed::ANA).await.status(), 422);

    let link = cancel_link(&app).await;
    let reader = app.browser();
    for _ in 0..2 {
        reader.open(&link).await.expect("/account/delete/cancel", 200).assert_text("Keep your account?");
    }
    let asked = reader.open(&link).await;
    asked.clone().click("Keep my account").await.assert_text("Your account stays");
    asked.click("Keep my account").await.assert_text("Your account stays");
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
    app.seconds_pass(15 * 86_400);
    assert_eq!(deletions::once(&app.app, "test").await.unwrap(), 0);
    assert!(app.audit().await.contains(&"user.deletion_cancelled".to_owned()));
}

/// After the grace period nothing of theirs is left but an audit that names nobody.
#[tokio::test]
async fn after_the_grace_period_the_person_is_gone() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let id = app.user(seed::ANA).await.id;
    browser.open("/account/delete").await.click("Delete my account").await.expect("/account/delete/done", 200);
    let link = cancel_link(&app).await;
    app.seconds_pass(13 * 86_400);
    assert_eq!(deletions::once(&app.app, "test").await.unwrap(), 0);
    app.seconds_pass(86_400 + 1);
    assert_eq!(deletions::once(&app.app, "test").await.unwrap(), 1);
    let read = app.app.store.read();
    assert!(users::find(&read, id).await.unwrap().is_none());
    assert_eq!(user_security::find(&read, id).await.unwrap().delete_at, None);
    let events = audit_events::list(&read, 10).await.unwrap();
    assert_eq!((events[0].kind.as_str(), events[0].user_id), ("user.removed", Some(id)));
    assert!(events.iter().all(|event| !event.detail.contains(seed::ANA)));
    app.browser().open(&link).await.assert_text("This link is of no use any more");
    assert_eq!(app.browser().open("/login").await.sign_in(seed::ANA).await.status(), 422);
}

/// An operator who has decided since is not overruled by the link.
#[tokio::test]
async fn the_link_does_not_undo_what_an_operator_decided() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open("/account/delete").await.click("Delete my account").await.expect("/account/delete/done", 200);
    let link = cancel_link(&app).await;
    let now = app.now();
    app.change_user(seed::ANA, |user| user.updated_at = now).await;
    app.browser().open(&link).await.assert_text("This link is of no use any more");
    assert!(!app.user(seed::ANA).await.enabled);
}

/// Somebody has to administer the service.
#[tokio::test]
async fn the_last_administrator_cannot_leave() {
    let app = TestApp::start().await;
    app.change_user(seed::ANA, |user| user.administrator = true).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open("/account/delete").await.click("Delete my account").await;
    assert_eq!(page.status(), 422);
    page.assert_text("You are the only administrator");
    app.change_user(seed::BRUNO, |user| user.administrator = true).await;
    browser.open("/account/delete").await.click("Delete my account").await.expect("/account/delete/done", 200);
}
