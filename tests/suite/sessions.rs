//! Browser sessions: SECURITY §4.4.

use crate::harness::{TestApp, seed};

const COOKIE: &str = "__Host-vestibule-session";

/// SE-4: idle for an hour.
#[tokio::test]
async fn an_idle_session_ends() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(3599);
    browser.open("/account").await.expect("/account", 200);
    app.seconds_pass(3601);
    browser.open("/account").await.expect("/login", 200);
}

/// SE-4: used all the time, it still ends after twelve hours.
#[tokio::test]
async fn a_busy_session_ends_after_twelve_hours() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for _ in 0..23 {
        app.seconds_pass(1800);
        browser.open("/account").await.expect("/account", 200);
    }
    app.seconds_pass(1800);
    browser.open("/account").await.expect("/login", 200);
}

/// SE-5: changed credentials and disabled accounts end every session at once.
#[tokio::test]
async fn disabled_and_changed_people_are_signed_out() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    browser.open("/account").await.expect("/login", 200);
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await;
    assert_eq!(page.error(), "login_required");
    app.change_user(seed::ANA, |user| user.enabled = true).await;

    let browser = app.browser_of(seed::ANA).await;
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    browser.open("/account").await.expect("/login", 200);
}

/// SE-2: the cookie is 256 random bits, and what is stored is its digest only.
#[tokio::test]
async fn the_cookie_is_long_random_and_not_stored() {
    let app = TestApp::start().await;
    let one = app.browser_of(seed::ANA).await.cookie(COOKIE).unwrap();
    let two = app.browser_of(seed::ANA).await.cookie(COOKIE).unwrap();
    assert_ne!(one, two);
    assert!(one.len() >= 43, "{one}");
    if let Some(file) = app.database.url.strip_prefix("sqlite://") {
        app.app.store.close().await;
        let bytes = std::fs::read(file).unwrap();
        for secret in [one.as_bytes(), seed::PASSWORD.as_bytes(), seed::SECRET.as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "a secret is in the database in the clear");
        }
    }
}

/// Logging out ends this browser's session, not the other's.
#[tokio::test]
async fn logging_out_here_does_not_log_out_there() {
    let app = TestApp::start().await;
    let here = app.browser_of(seed::ANA).await;
    let there = app.browser_of(seed::ANA).await;
    here.open("/account").await.click("Log out").await;
    here.open("/account").await.expect("/login", 200);
    there.open("/account").await.expect("/account", 200);
}

/// A stolen cookie is worthless after the log-out.
#[tokio::test]
async fn a_kept_cookie_opens_nothing_after_the_log_out() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let kept = browser.cookie(COOKIE).unwrap();
    browser.open("/account").await.click("Log out").await;
    let thief = app.browser();
    thief.set_cookie(COOKIE, &kept);
    thief.open("/account").await.expect("/login", 200);
}

/// One person's sessions are bounded: whatever ends them all is one transaction, and must stay a short one.
#[tokio::test]
async fn the_fifty_first_browser_ends_the_session_unused_for_longest() {
    let app = TestApp::start().await;
    let first = app.browser_of(seed::ANA).await;
    for _ in 0..49 {
        app.seconds_pass(1);
        app.browser_of(seed::ANA).await;
    }
    first.open("/account").await.expect("/account", 200);
    app.seconds_pass(1);
    app.browser_of(seed::ANA).await;
    first.open("/account").await.expect("/login", 200);
    let live = vestibule::store::sessions::list_live_by_user(&app.app.store.read(), app.user(seed::ANA).await.id, app.now()).await.unwrap();
    assert_eq!(live.len(), 50);
}
