//! Consent: OpenID Connect Core §3.1.2.4.

use crate::harness::{TestApp, TokenRequest, seed};

/// A third-party application asks once; the page says who asks for what.
#[tokio::test]
async fn a_third_party_application_asks() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email phone").url()).await.expect("/consent", 200);
    page.assert_text("Ticketing");
    page.assert_text("ticketing.test");
    page.assert_text(seed::ANA);
    assert!(page.has("#consent-allow") && page.has("#consent-deny"));
    let page = page.click("#consent-allow").await;
    page.code();
    assert!(app.audit().await.contains(&"consent.granted".to_owned()));
}

/// First-party clients skip the page by the operator's setting.
#[tokio::test]
async fn a_first_party_application_does_not_ask() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&app.authorize(seed::AUTOTALK).with("scope", "openid email phone").url()).await.code();
}

/// Remembered by user, client and scope: not again for the same or less.
#[tokio::test]
async fn what_was_allowed_is_not_asked_again() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email phone").url()).await.click("#consent-allow").await.code();
    browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email phone").url()).await.code();
    browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email").url()).await.code();
}

/// Asked again for anything more, and remembered together.
#[tokio::test]
async fn an_extra_scope_asks_again() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email").url()).await.click("#consent-allow").await.code();
    let page = browser.open(&app.authorize(seed::TICKETING).with("scope", "openid phone").url()).await.expect("/consent", 200);
    page.click("#consent-allow").await.code();
    browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email phone").url()).await.code();
}

/// Remembered for one person and one application only.
#[tokio::test]
async fn one_persons_consent_is_not_anothers() {
    let app = TestApp::start().await;
    let ana = app.browser_of(seed::ANA).await;
    ana.open(&app.authorize(seed::TICKETING).url()).await.allow_if_asked().await.code();
    let bruno = app.browser_of(seed::BRUNO).await;
    bruno.open(&app.authorize(seed::TICKETING).with("scope", "openid email").url()).await.expect("/consent", 200);
}

/// OpenID Connect Core §3.1.2.6: `access_denied`, with `state`, and nothing is remembered.
#[tokio::test]
async fn denying_goes_back_with_access_denied() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let url = app.authorize(seed::TICKETING).with("scope", "openid email").url();
    let page = browser.open(&url).await.expect("/consent", 200).click("#consent-deny").await;
    assert_eq!(page.error(), "access_denied");
    assert_eq!(page.param("state").as_deref(), Some("af0ifjsldkj"));
    assert!(page.param("code").is_none());
    assert!(app.audit().await.contains(&"consent.denied".to_owned()));
    browser.open(&url).await.expect("/consent", 200);
}

/// OpenID Connect Core §3.1.2.1: `prompt=consent` asks although everything has been allowed, also for first-party clients.
#[tokio::test]
async fn prompt_consent_asks_again() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let url = app.authorize(seed::TICKETING).with("scope", "openid email").url();
    browser.open(&url).await.click("#consent-allow").await.code();
    app.seconds_pass(2);
    let again = app.authorize(seed::TICKETING).with("scope", "openid email").with("prompt", "consent").url();
    browser.open(&again).await.expect("/consent", 200).click("#consent-allow").await.code();
}

/// OpenID Connect Core §11: the page says what `offline_access` means.
#[tokio::test]
async fn offline_access_is_asked_for_in_words() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::TICKETING).with("scope", "openid offline_access").url()).await.expect("/consent", 200);
    assert!(!page.has_text("offline_access"), "people are not shown scope names: {}", page.text());
    page.click("#consent-allow").await.code();
}

/// AE-13: the posted form cannot allow more, or for another application, than the page showed: everything is in the sealed flow.
#[tokio::test]
async fn the_form_cannot_widen_what_is_allowed() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email").url()).await;
    let page = page.tamper("scope", "openid email phone address").tamper("scopes", "phone").click("#consent-allow").await;
    let json = app.token(TokenRequest::code(seed::TICKETING, &page.code())).await.expect(200).json();
    let mut scope: Vec<&str> = json["scope"].as_str().unwrap().split(' ').collect();
    scope.sort_unstable();
    assert_eq!(scope, ["email", "openid"]);
}

/// A decision that is none changes nothing.
#[tokio::test]
async fn a_form_without_a_decision_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let url = app.authorize(seed::TICKETING).url();
    let page = browser.open(&url).await.expect("/consent", 200);
    let page = page.tamper("decision", "perhaps").click("#consent-allow").await;
    assert!(!page.has_left(), "{}", page.url);
    browser.open(&url).await.expect("/consent", 200);
}

/// The consent page needs a session: a stranger with the link is asked to sign in.
#[tokio::test]
async fn the_consent_page_needs_a_session() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::TICKETING).url()).await.expect("/consent", 200);
    browser.forget_cookie("__Host-vestibule-session");
    page.click("#consent-allow").await.expect("/login", 200);
}
