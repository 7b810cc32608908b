//! RP-Initiated Logout 1.0: every row of the certification plan.

use crate::harness::{Browser, Page, TestApp, TokenRequest, seed};

const GOODBYE: &str = "https://autotalk.test/goodbye";

/// A signed-in browser and the ID token AutoTalk has.
async fn signed_in(app: &TestApp) -> (Browser<'_>, String) {
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    let json = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    (browser, json["id_token"].as_str().unwrap().to_owned())
}

fn logout(parameters: &[(&str, &str)]) -> String {
    format!("/logout?{}", crate::harness::encode(parameters))
}

async fn assert_signed_out(app: &TestApp, browser: &Browser<'_>) {
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await;
    assert_eq!(page.error(), "login_required");
}

async fn assert_still_signed_in(app: &TestApp, browser: &Browser<'_>) {
    browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await.code();
}

/// Whatever leads to the question: nobody is sent away, the person decides, and pressing the button signs out here.
async fn assert_asks(app: &TestApp, browser: &Browser<'_>, page: Page<'_>) {
    assert!(!page.has_left(), "no redirect: {}", page.url);
    if page.has("#logout-confirm") {
        assert_still_signed_in(app, browser).await;
        let page = page.click("#logout-confirm").await;
        assert!(!page.has_left(), "no redirect after confirming either: {}", page.url);
    }
    assert_signed_out(app, browser).await;
}

/// oidcc-rp-initiated-logout: back at the registered URI with `state`; then `prompt=none` fails.
#[tokio::test]
async fn a_valid_hint_signs_out_and_goes_back_with_state() {
    let app = TestApp::start().await;
    let (browser, hint) = signed_in(&app).await;
    let page = browser.open(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", GOODBYE), ("state", "s t&1")])).await;
    assert!(page.callback().as_str().starts_with(GOODBYE));
    assert_eq!(page.param("state").as_deref(), Some("s t&1"));
    assert_eq!(page.callback().query_pairs().count(), 1, "nothing but state: {}", page.url);
    assert!(browser.cookie("__Host-vestibule-session").is_none());
    assert_signed_out(&app, &browser).await;
    assert!(app.audit().await.contains(&"session.signed_out".to_owned()));
}

/// ...-no-state.
#[tokio::test]
async fn without_state_none_comes_back() {
    let app = TestApp::start().await;
    let (browser, hint) = signed_in(&app).await;
    let page = browser.open(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", GOODBYE)])).await;
    assert_eq!(page.callback().as_str(), GOODBYE);
}

/// RP-Initiated Logout §2: GET and POST must both be supported.
#[tokio::test]
async fn a_post_is_as_good_as_a_get() {
    let app = TestApp::start().await;
    let (browser, hint) = signed_in(&app).await;
    let form = vec![
        ("id_token_hint".to_owned(), hint),
        ("post_logout_redirect_uri".to_owned(), GOODBYE.to_owned()),
        ("state".to_owned(), "xyz".to_owned()),
    ];
    let answer = browser.cross_site_post("/logout", &form).await.expect(303);
    let page = browser.open(answer.location().as_str()).await;
    if page.has_left() {
        assert_eq!(page.param("state").as_deref(), Some("xyz"));
    }
    assert_signed_out(&app, &browser).await;
}

/// RP-Initiated Logout §2: an expired hint still says who and where.
#[tokio::test]
async fn an_expired_hint_is_fine() {
    let app = TestApp::start().await;
    let (browser, hint) = signed_in(&app).await;
    app.seconds_pass(1800);
    let page = browser.open(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", GOODBYE)])).await;
    assert_eq!(page.callback().as_str(), GOODBYE);
    assert_signed_out(&app, &browser).await;
}

/// ...-no-params, ...-only-state, ...-no-post-logout-redirect-uri.
#[tokio::test]
async fn without_parameters_the_person_is_asked_and_stays_here() {
    let app = TestApp::start().await;
    for parameters in [&[][..], &[("state", "x")][..]] {
        let (browser, _) = signed_in(&app).await;
        let page = browser.open(&logout(parameters)).await;
        assert!(page.has("#logout-confirm"), "{page:?}");
        assert_asks(&app, &browser, page).await;
    }
    let (browser, hint) = signed_in(&app).await;
    let page = browser.open(&logout(&[("id_token_hint", &hint)])).await;
    assert!(!page.has_left());
    assert_signed_out(&app, &browser).await;
}

/// ...-no-id-token-hint: a question, and no redirect for somebody nobody vouches for.
#[tokio::test]
async fn without_a_hint_the_person_is_asked_first() {
    let app = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let page = browser.open(&logout(&[("post_logout_redirect_uri", GOODBYE)])).await;
    assert_asks(&app, &browser, page).await;
}

/// RP-Initiated Logout §2: `client_id` instead of a hint: asked first, then sent to that client's registered URI.
#[tokio::test]
async fn a_client_id_instead_of_a_hint_asks_first_and_goes_back() {
    let app = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let page = browser.open(&logout(&[("client_id", seed::AUTOTALK), ("post_logout_redirect_uri", GOODBYE), ("state", "q")])).await;
    page.assert_text("AutoTalk");
    assert_still_signed_in(&app, &browser).await;
    let page = page.click("#logout-confirm").await;
    assert!(page.callback().as_str().starts_with(GOODBYE));
    assert_eq!(page.param("state").as_deref(), Some("q"));
    assert_signed_out(&app, &browser).await;
}

/// ...-bad-post-logout-redirect-uri, ...-query-added-to-post-logout-redirect-uri.
#[tokio::test]
async fn an_unregistered_target_is_never_redirected_to() {
    let app = TestApp::start().await;
    for target in [
        "https://evil.test/",
        "https://autotalk.test/goodbye?foo=bar",
        "https://autotalk.test/goodbye/",
        "https://autotalk.test/callback",
        "//evil.test",
        "javascript:alert(1)",
    ] {
        let (browser, hint) = signed_in(&app).await;
        let page = browser.open(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", target)])).await;
        assert!(!page.has_left(), "{target}");
    }
}

/// ...-modified-id-token-hint (alg none), ...-bad-id-token-hint (foreign signature).
#[tokio::test]
async fn a_hint_we_did_not_sign_is_no_hint() {
    let app = TestApp::start().await;
    let (_, hint) = signed_in(&app).await;
    let parts: Vec<&str> = hint.split('.').collect();
    let none = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let foreign = format!("{}.{}.{}", parts[0], parts[1], "A".repeat(parts[2].len()));
    for forged in [none, foreign, "x".to_owned()] {
        let (browser, _) = signed_in(&app).await;
        let page = browser.open(&logout(&[("id_token_hint", &forged), ("post_logout_redirect_uri", GOODBYE)])).await;
        assert!(!page.has_left(), "{forged}");
        assert_still_signed_in(&app, &browser).await;
    }
}

/// SE-8: a valid hint of somebody else must not sign this person out unasked.
#[tokio::test]
async fn somebody_elses_hint_asks_first() {
    let app = TestApp::start().await;
    let (_, anas_hint) = signed_in(&app).await;
    let bruno = app.browser_of(seed::BRUNO).await;
    let page = bruno.open(&logout(&[("id_token_hint", &anas_hint), ("post_logout_redirect_uri", GOODBYE)])).await;
    assert!(!page.has_left(), "{}", page.url);
    assert_still_signed_in(&app, &bruno).await;
}

/// RP-Initiated Logout §2: a `client_id` that is not the hint's is an error.
#[tokio::test]
async fn a_client_id_that_contradicts_the_hint_is_refused() {
    let app = TestApp::start().await;
    let (browser, hint) = signed_in(&app).await;
    let page = browser.open(&logout(&[("id_token_hint", &hint), ("client_id", seed::SPA), ("post_logout_redirect_uri", GOODBYE)])).await;
    assert!(!page.has_left());
    assert_still_signed_in(&app, &browser).await;
}

/// Somebody who is not signed in any more still gets back to the application.
#[tokio::test]
async fn nobody_signed_in_is_no_obstacle() {
    let app = TestApp::start().await;
    let (_, hint) = signed_in(&app).await;
    let stranger = app.browser();
    let page = stranger.open(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", GOODBYE), ("state", "z")])).await;
    assert_eq!(page.param("state").as_deref(), Some("z"));
    stranger.open("/logout").await.expect("/logged-out", 200);
}

/// SE-8: the confirmation is a form of ours with its own token; another site cannot press it.
#[tokio::test]
async fn another_site_cannot_press_the_button() {
    let app = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let page = browser.open("/logout").await;
    let (action, form) = page.form_of("#logout-confirm");
    browser.cross_site_post(&action, &form).await;
    assert_still_signed_in(&app, &browser).await;
}

/// My Account: "Log out" lands on the sign-in page with a notice; Back shows nothing private.
#[tokio::test]
async fn logging_out_of_my_account_lands_on_the_sign_in_page() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let account = browser.open("/account").await;
    let page = account.clone().click("Log out").await;
    page.assert_text("logged out");
    assert_signed_out(&app, &browser).await;
    account.refresh().await.expect("/login", 200);
}

/// RFC 6749 §3.1 in spirit: repeated parameters are refused here too.
#[tokio::test]
async fn repeated_parameters_are_refused() {
    let app = TestApp::start().await;
    let (browser, hint) = signed_in(&app).await;
    let url =
        logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", GOODBYE), ("post_logout_redirect_uri", "https://evil.test/")]);
    let page = browser.open(&url).await;
    assert!(!page.has_left());
    assert_still_signed_in(&app, &browser).await;
}

/// Nobody is told that they have logged out while they are signed in, whoever sent them to the page.
#[tokio::test]
async fn the_last_page_says_nothing_untrue() {
    let app = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let page = browser.open("/logged-out").await;
    assert!(page.has("#logout-confirm"), "asked instead: {}", page.text());
    assert_still_signed_in(&app, &browser).await;
    page.click("#logout-confirm").await;
    assert_eq!(browser.open("/logged-out").await.path(), "/logged-out");
}

/// Whose session went unused for too long is signed out of the applications all the same, when one of them says so with their ID token.
#[tokio::test]
async fn an_idle_session_is_ended_for_the_other_applications() {
    let app = TestApp::start().await;
    app.change_client(seed::AUTOTALK, |client| client.metadata.backchannel_logout_uri = Some("https://autotalk.test/told".to_owned()))
        .await;
    let (browser, hint) = signed_in(&app).await;
    app.advance(std::time::Duration::from_hours(2));
    assert_signed_out(&app, &browser).await;
    browser.open(&logout(&[("id_token_hint", &hint)])).await;
    assert!(app.audit().await.contains(&"session.signed_out".to_owned()));
    assert_eq!(vestibule::store::logout_deliveries::list(&app.app.store.read(), 10).await.unwrap().len(), 1);
    // Once: the hint is a key to nothing else.
    browser.open(&logout(&[("id_token_hint", &hint)])).await;
    assert_eq!(vestibule::store::logout_deliveries::list(&app.app.store.read(), 10).await.unwrap().len(), 1);
}

/// A sign-in that waits for its second factor does not survive a logout: what is left on a shared machine is nothing.
#[tokio::test]
async fn a_half_done_sign_in_ends_with_a_logout() {
    const PENDING: &str = "__Host-vestibule-pending-sign-in";
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    let kept = browser.cookie(PENDING).unwrap();
    browser.open("/logout").await.expect("/logged-out", 200);
    assert!(browser.cookie(PENDING).is_none());
    browser.set_cookie(PENDING, &kept);
    let page = browser.open("/login/code").await;
    assert!(!page.has("#code-submit"), "nor does whoever kept the cookie: {page:?}");
    browser.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.next_code()).await.expect("/account", 200);
}

/// A posted request may be longer than a URL: the token is read where it arrives, and what cannot be carried on is refused there, in words.
#[tokio::test]
async fn a_long_posted_request_reaches_the_question() {
    let app = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let form = |name: &str, length: usize| vec![(name.to_owned(), "x".repeat(length))];
    let answer = browser.cross_site_post("/logout", &form("id_token_hint", 20_000)).await.expect(303);
    let page = browser.open(answer.location().as_str()).await;
    assert_asks(&app, &browser, page).await;
    let answer = browser.cross_site_post("/logout", &form("state", 20_000)).await.expect(400);
    assert!(answer.text().contains("too long"), "{answer:?}");
}
