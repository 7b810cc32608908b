//! Refresh, back, two tabs, two applications, expired pages, cleared cookies, other browsers: PAGES §1.3.
//!
//! Whatever happens ends at the application, at the same form, or at one button that restarts the same request.

use crate::harness::{TestApp, seed};

/// Refresh of a form: the same form for the same request.
#[tokio::test]
async fn refreshing_the_form_changes_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    let again = page.refresh().await.expect("/login", 200);
    again.assert_text("AutoTalk");
    again.sign_in(seed::ANA).await.code();
}

/// Refresh after a failed POST sends the same form again: safe to repeat.
#[tokio::test]
async fn sending_a_failed_form_again_is_harmless() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    for _ in 0..3 {
        let failed = page.clone().sign_in_with(seed::ANA, "not the right password").await;
        failed.assert_text("The email or password is not correct.");
    }
    page.sign_in(seed::ANA).await.code();
}

/// Back to the sign-in page after success: straight to the application, never a form, never an error.
#[tokio::test]
async fn back_after_success_goes_to_the_application() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let login = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    login.clone().sign_in(seed::ANA).await.code();
    login.refresh().await.code();
}

/// Double click: the second POST of the same form completes as well.
#[tokio::test]
async fn submitting_twice_completes_twice() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let login = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    let one = login.clone().sign_in(seed::ANA).await.code();
    let two = login.sign_in(seed::ANA).await.code();
    assert_ne!(one, two);
}

/// Back to the consent page after success.
#[tokio::test]
async fn back_to_the_consent_page_after_success_goes_to_the_application() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let consent = browser.open(&app.authorize(seed::TICKETING).url()).await.expect("/consent", 200);
    consent.clone().click("#consent-allow").await.code();
    consent.refresh().await.code();
    consent.click("#consent-allow").await.code();
}

/// Two tabs at the sign-in page: finish in one, then submit in the other: it completes its own request.
#[tokio::test]
async fn two_tabs_both_complete() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let one = browser.open(&app.authorize(seed::AUTOTALK).with("state", "one").url()).await;
    let two = browser.open(&app.authorize(seed::AUTOTALK).with("state", "two").url()).await;
    let one = one.sign_in(seed::ANA).await;
    assert_eq!(one.param("state").as_deref(), Some("one"));
    let two = two.sign_in(seed::ANA).await;
    assert_eq!(two.param("state").as_deref(), Some("two"));
}

/// Two applications at once: each gets its own answer, whichever is finished first; a reload of the other goes on without a form.
#[tokio::test]
async fn two_applications_at_once_both_complete() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let autotalk = browser.open(&app.authorize(seed::AUTOTALK).with("state", "a").url()).await;
    let board = browser.open(&app.authorize(seed::SPA).with("state", "b").url()).await;
    let board_done = board.sign_in(seed::ANA).await;
    assert!(board_done.callback().as_str().starts_with("https://spa.test/callback"));
    let autotalk_done = autotalk.refresh().await;
    assert!(autotalk_done.callback().as_str().starts_with("https://autotalk.test/callback"));
    assert_eq!(autotalk_done.param("state").as_deref(), Some("a"));
}

/// Two tabs, two people: each tab's application gets the person who signed in there last, and no code goes to the wrong request.
#[tokio::test]
async fn two_people_in_two_tabs_end_with_their_own_requests() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let one = browser.open(&app.authorize(seed::AUTOTALK).with("state", "one").url()).await;
    let two = browser.open(&app.authorize(seed::AUTOTALK).with("state", "two").url()).await;
    one.sign_in(seed::ANA).await.code();
    let two = two.sign_in(seed::BRUNO).await;
    assert_eq!(two.param("state").as_deref(), Some("two"));
    let json = app.token(crate::harness::TokenRequest::code(seed::AUTOTALK, &two.code())).await.expect(200).json();
    let sub = crate::harness::claims_of(json["id_token"].as_str().unwrap())["sub"].clone();
    assert_eq!(sub, app.user(seed::BRUNO).await.id.to_string());
}

/// Idle past expiry: it says so, and one link restarts the same request.
#[tokio::test]
async fn an_expired_page_restarts_the_same_request() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("state", "kept").url()).await;
    app.seconds_pass(16 * 60);
    let expired = page.refresh().await.expect("/login", 400);
    expired.assert_text("This page timed out");
    let fresh = expired.click("Try again").await.expect("/login", 200);
    let done = fresh.sign_in(seed::ANA).await;
    assert_eq!(done.param("state").as_deref(), Some("kept"));
}

/// The same for a form that was open for too long and is submitted then.
#[tokio::test]
async fn a_form_submitted_too_late_restarts_the_same_request() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("state", "kept").url()).await;
    app.seconds_pass(16 * 60);
    let late = page.sign_in(seed::ANA).await;
    assert!(!late.has_left(), "{}", late.url);
    let done = late.click("Try again").await.expect("/login", 200).sign_in(seed::ANA).await;
    assert_eq!(done.param("state").as_deref(), Some("kept"));
}

/// Cookies cleared while the page was open: nobody is stranded.
#[tokio::test]
async fn cleared_cookies_do_not_strand_anybody() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("state", "kept").url()).await;
    browser.clear_cookies();
    let mut page = page.sign_in(seed::ANA).await;
    for _ in 0..3 {
        if page.has_left() {
            break;
        }
        page = if page.offers("Try again") { page.click("Try again").await } else { page.sign_in(seed::ANA).await };
    }
    assert_eq!(page.param("state").as_deref(), Some("kept"));
}

/// AE-8: a flow URL in another browser is worthless as it is, and offers to start the same request there.
#[tokio::test]
async fn a_link_to_the_page_in_another_browser_starts_over_there() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("state", "kept").url()).await;
    let other = app.browser();
    let mut page = other.open(page.url.as_str()).await;
    assert!(!page.has_left() && !page.has("#login-submit"), "another browser's flow: {page:?}");
    page = page.click("Try again").await.expect("/login", 200);
    assert_eq!(page.sign_in(seed::ANA).await.param("state").as_deref(), Some("kept"));
}

/// AE-8: a signed-in victim who opens an attacker's flow URL is not sent anywhere with a code.
#[tokio::test]
async fn an_attackers_flow_does_not_run_in_the_victims_browser() {
    let app = TestApp::start().await;
    let attacker = app.browser();
    let page = attacker.open(&app.authorize(seed::AUTOTALK).with("state", "attackers").url()).await;
    let victim = app.browser_of(seed::ANA).await;
    for url in [page.url.as_str().to_owned(), page.url.as_str().replace("/login", "/authorize/resume")] {
        let opened = victim.open(&url).await;
        assert!(!opened.has_left(), "{}", opened.url);
    }
}

/// A stale bookmark of a page is like an expired one.
#[tokio::test]
async fn a_very_old_bookmark_still_offers_a_way_on() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    app.seconds_pass(30 * 24 * 3600);
    let stale = page.refresh().await;
    assert_eq!(stale.status(), 400);
    stale.click("Try again").await.expect("/login", 200).sign_in(seed::ANA).await.code();
}

/// Blocked cookies are said in one sentence, not by an endless loop.
#[tokio::test]
async fn blocked_cookies_are_said_once() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let mut page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    for _ in 0..3 {
        browser.clear_cookies();
        if page.has("#login-submit") {
            page = page.sign_in(seed::ANA).await;
        } else if page.offers("Try again") {
            page = page.click("Try again").await;
        }
        assert!(!page.has_left());
    }
    assert!(page.has_text("cookies") || page.offers("Try again") || page.has("#login-submit"), "{page:?}");
}

/// The session ended while the consent page was open: sign in, and go on with the same request.
#[tokio::test]
async fn a_session_that_ended_meanwhile_asks_to_sign_in_and_goes_on() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let consent = browser.open(&app.authorize(seed::TICKETING).with("state", "kept").url()).await.expect("/consent", 200);
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    let page = consent.click("#consent-allow").await.expect("/login", 200).sign_in(seed::ANA).await;
    let page = page.allow_if_asked().await;
    assert_eq!(page.param("state").as_deref(), Some("kept"));
}

/// A restart of the service in the middle of a sign-in is not noticed: nothing was kept in memory.
#[tokio::test]
async fn a_restart_in_the_middle_is_not_noticed() {
    let mut app = TestApp::start().await;
    let form = {
        let browser = app.browser();
        let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
        let cookies: Vec<_> = browser.cookie_names().into_iter().map(|name| (browser.cookie(&name).unwrap(), name)).collect();
        (page.url.to_string(), cookies)
    };
    app.restart().await;
    let browser = app.browser();
    for (value, name) in form.1 {
        browser.set_cookie(&name, &value);
    }
    browser.open(&form.0).await.expect("/login", 200).sign_in(seed::ANA).await.code();
}
