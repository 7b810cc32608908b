//! The whole journey with the `openidconnect` crate as the application.

use openidconnect::OAuth2TokenResponse as _;

use crate::harness::{TestApp, seed};

/// OpenID Connect Core §3.1: discovery, code with PKCE, ID token, userinfo, refresh: for each kind of client.
#[tokio::test]
async fn a_person_signs_in_through_the_openidconnect_crate() {
    let app = TestApp::start().await;
    for client in [seed::AUTOTALK, seed::TICKETING, seed::SPA, seed::NATIVE, seed::LEGACY] {
        let party = app.relying_party(client).await;
        let signed_in = party.sign_in(seed::ANA, &["profile", "email"]).await;
        let userinfo = party.userinfo(&signed_in).await;
        assert_eq!(userinfo.email().unwrap().as_str(), seed::ANA);
        assert_eq!(userinfo.name().unwrap().get(None).unwrap().as_str(), "Ana Souza");
        let refreshed = party.refresh(signed_in.refresh_token().expect("a refresh token")).await;
        assert!(app.is_alive(refreshed.access_token().secret()).await, "{client}");
    }
}

/// Single sign-on: the second application asks nothing.
#[tokio::test]
async fn the_second_application_signs_in_without_a_prompt() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let party = app.relying_party(seed::SPA).await;
    let started = party.start(&["email"]);
    let page = browser.open(started.url.as_str()).await;
    let callback = page.callback().clone();
    let signed_in = party.finish(started, &callback).await;
    assert_eq!(signed_in.claims.subject().as_str(), app.user(seed::ANA).await.id.to_string());
}
