//! Cross-site request forgery: SECURITY SE-3, PAGES §1.3.

use crate::harness::{ISSUER, TestApp, seed};

/// A form whose token is missing or foreign is not acted on; the person gets a fresh form, not a dead end.
#[tokio::test]
async fn a_form_without_its_token_is_shown_again() {
    let app = TestApp::start().await;
    for token in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let browser = app.browser();
        let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.tamper("csrf_token", token).sign_in(seed::ANA).await;
        assert!(browser.cookie("__Host-vestibule-session").is_none(), "{token}");
        assert!(!page.has_left());
        page.sign_in(seed::ANA).await.code();
    }
}

/// Another browser's token does not fit this browser's cookie.
#[tokio::test]
async fn a_token_is_bound_to_its_browser() {
    let app = TestApp::start().await;
    let attacker = app.browser();
    let (_, form) = attacker.open("/login").await.form_of("#login-submit");
    let token = form.into_iter().find(|(name, _)| name == "csrf_token").unwrap().1;
    let victim = app.browser();
    let page = victim.open("/login").await.tamper("csrf_token", &token).sign_in(seed::ANA).await;
    assert!(victim.cookie("__Host-vestibule-session").is_none(), "{page:?}");
}

/// SE-3: `Origin` and `Sec-Fetch-Site` of another site are refused on every form, also with a right token; `null` too.
#[tokio::test]
async fn posts_from_other_sites_are_refused_on_every_form() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let (action, mut form) = browser.open("/login").await.form_of("#login-submit");
    form.retain(|(name, _)| name != "email" && name != "password");
    form.push(("email".to_owned(), seed::ANA.to_owned()));
    form.push(("password".to_owned(), seed::PASSWORD.to_owned()));
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = crate::harness::encode(&pairs);
    for (name, value) in
        [("origin", "https://evil.test"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        let request = browser.request("POST", &action).header("content-type", "application/x-www-form-urlencoded").header(name, value);
        let answer = browser.send(request.body(axum::body::Body::from(body.clone())).unwrap()).await;
        assert_eq!(answer.status, 403, "{name}: {value}: {answer:?}");
        assert!(browser.cookie("__Host-vestibule-session").is_none());
    }
    let request = browser.request("POST", &action).header("content-type", "application/x-www-form-urlencoded").header("origin", ISSUER);
    browser.send(request.body(axum::body::Body::from(body)).unwrap()).await.expect(303);
    assert!(browser.cookie("__Host-vestibule-session").is_some());
}

/// Log out cannot be pressed by another site.
#[tokio::test]
async fn another_site_cannot_log_a_person_out_of_my_account() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let (action, form) = browser.open("/account").await.form_of("Log out");
    let answer = browser.cross_site_post(&action, &form).await;
    assert!(!answer.status.is_success(), "{answer:?}");
    browser.open("/account").await.expect("/account", 200);
}

/// Consent cannot be given by another site.
#[tokio::test]
async fn another_site_cannot_consent() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let url = app.authorize(seed::TICKETING).url();
    let (action, form) = browser.open(&url).await.expect("/consent", 200).form_of("#consent-allow");
    browser.cross_site_post(&action, &form).await;
    browser.open(&url).await.expect("/consent", 200);
}
