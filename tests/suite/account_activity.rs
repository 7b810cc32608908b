//! Activity and "Notify account administrator": PRODUCT-FLOWS T10, SECURITY AD-7.

use crate::harness::{Browser, Page, TestApp, seed};

/// T10: what happened, when, from where, with which application; nobody else's.
#[tokio::test]
async fn a_person_sees_what_happened_in_their_account() {
    let app = TestApp::start().await;
    app.browser_of(seed::BRUNO).await;
    let stranger = app.browser();
    stranger.open("/login").await.sign_in_with(seed::ANA, "not the right password").await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    let page = browser.open("/account").await.click("Activity").await.expect("/account/activity", 200);
    page.assert_text("Somebody typed a wrong password");
    page.assert_text("Logged in");
    page.assert_text("192.0.2.1");
    page.assert_text("UTC");
    assert!(!page.has("a[href*=not-me]"), "looking makes no links");
    page.clone().click(".items [type=submit]").await.expect("/not-me", 200).assert_text("a•••@example.test");
    let entries = page.count(".items > li");
    assert!((2..=4).contains(&entries), "{entries}: {page:?}");
}

async fn signed_in_often(app: &TestApp) -> Browser<'_> {
    for _ in 0..30 {
        app.browser_of(seed::ANA).await;
    }
    app.browser_of(seed::ANA).await
}

/// A sign-in on a new device is one entry, and "This wasn't me" stands beside what somebody can have done alone.
#[tokio::test]
async fn each_entry_says_once_what_happened() {
    let app = TestApp::start().await;
    app.browser_of(seed::BRUNO).await;
    let stranger = app.browser();
    stranger.open("/login").await.sign_in_with(seed::BRUNO, "not the right password").await;
    let page = app.browser_of(seed::BRUNO).await.open("/account/activity").await.text_at(".items").unwrap();
    assert_eq!(page.matches("Logged in").count(), 2, "{page}");
    assert_eq!(page.matches("Logged in on a new device").count(), 1, "{page}");
    assert_eq!(page.matches("Somebody typed a wrong password").count(), 1, "{page}");
    assert_eq!(page.matches("This wasn’t me").count(), 2, "{page}");
}

/// AD-7: older entries follow by a cursor that nobody can make up.
#[tokio::test]
async fn older_entries_follow_and_cursors_are_ours() {
    let app = TestApp::start().await;
    let browser = signed_in_often(&app).await;
    let page = browser.open("/account/activity").await;
    // Of twenty-five events; a sign-in and its new device are one entry.
    let first = page.count(".items > li");
    assert!((10..=25).contains(&first), "{first}");
    let cursor = page.attribute("a.button[href*=before]", "href").unwrap();
    let older = page.click("Show older").await;
    assert!((1..=25).contains(&older.count(".items > li")));
    let bruno = app.browser_of(seed::BRUNO).await;
    let theirs = bruno.open(&cursor).await;
    let own = bruno.open("/account/activity").await;
    assert_eq!(theirs.count(".items > li"), own.count(".items > li"), "another person's cursor begins at one's own first page");
    let forged = browser.open("/account/activity?before=AAAA").await.expect("/account/activity", 200);
    assert_eq!(forged.count(".items > li"), first);
}

/// After ninety days it is gone from the page.
#[tokio::test]
async fn what_is_older_than_ninety_days_is_not_shown() {
    let app = TestApp::start().await;
    app.browser().open("/login").await.sign_in_with(seed::ANA, "not the right password").await;
    app.seconds_pass(91 * 86_400);
    let browser = app.browser_of(seed::ANA).await;
    assert!(!browser.open("/account/activity").await.has_text("Somebody typed a wrong password"));
}

async fn notify<'a>(browser: &'a Browser<'a>, words: &str) -> Page<'a> {
    browser.open("/account/activity").await.fill("What looked wrong?", words).click("Notify account administrator").await
}

/// T10: the administrators get a mail, three times an hour at most.
#[tokio::test]
async fn the_administrators_are_notified() {
    let app = TestApp::start().await;
    app.change_user(seed::BRUNO, |user| user.administrator = true).await;
    let browser = app.browser_of(seed::ANA).await;
    let there = app.browser_of(seed::ANA).await;
    let page = notify(&browser, "I was not in the office on Sunday").await.expect("/account/activity", 200);
    page.assert_text("The account administrator has been notified.");
    there.open("/account").await.expect("/account", 200);
    let bruno = app.user(seed::BRUNO).await.id;
    let mails = vestibule::store::mails::list(&app.app.store.read(), 50).await.unwrap();
    assert!(mails.iter().any(|mail| mail.kind == "administrator_notice" && mail.user_id == Some(bruno)));
    assert!(app.audit().await.contains(&"administrator.notified".to_owned()));
    for _ in 0..2 {
        notify(&browser, "").await.expect("/account/activity", 200);
    }
    let page = notify(&browser, "again").await;
    assert_eq!(page.status(), 422);
    page.assert_text("three times in the last hour");
    assert_eq!(page.text_at("#words").as_deref(), Some("again"), "what was typed is still there");
    app.seconds_pass(3601);
    let browser = app.browser_of(seed::ANA).await;
    notify(&browser, "later").await.expect("/account/activity", 200);
}

/// With the box ticked, everything else is closed at once.
#[tokio::test]
async fn other_devices_are_logged_out_with_the_notice() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let there = app.browser_of(seed::ANA).await;
    let page = browser.open("/account/activity").await.tamper("log_out_others", "1").click("Notify account administrator").await;
    page.expect("/account/activity", 200);
    there.open("/account").await.expect("/login", 200);
    browser.open("/account").await.expect("/account", 200);
}
