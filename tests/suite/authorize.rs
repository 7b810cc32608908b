//! The authorization endpoint: RFC 6749 §4.1, OpenID Connect Core §3.1.2.

use crate::harness::{ISSUER, TestApp, assert_description, seed};

/// RFC 6749 §4.1.2, RFC 9207 §2.
#[tokio::test]
async fn a_signed_in_person_goes_straight_back_with_code_state_and_issuer() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    assert!(page.callback().as_str().starts_with("https://autotalk.test/callback?"));
    assert!(page.code().starts_with("vst_ac_"));
    assert_eq!(page.param("state").as_deref(), Some("af0ifjsldkj"));
    assert_eq!(page.param("iss").as_deref(), Some(ISSUER));
    assert_eq!(page.callback().query_pairs().count(), 3, "nothing else comes back: {}", page.url);
}

/// RFC 6749 §4.1.2: `state` comes back only if it was sent.
#[tokio::test]
async fn without_state_none_comes_back() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).without("state").url()).await;
    assert!(page.param("state").is_none());
    page.code();
}

/// RFC 6749 §4.1.2.1: what `state` holds comes back as it was, whatever characters it has.
#[tokio::test]
async fn state_comes_back_exactly() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let state = "a b+c%20&x=1#é\"<>'";
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("state", state).url()).await;
    assert_eq!(page.param("state").as_deref(), Some(state));
}

/// OpenID Connect Core §3.1.2.3: somebody who is not signed in sees the sign-in page, and nothing is written for it.
#[tokio::test]
async fn a_stranger_is_asked_to_sign_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.expect("/login", 200);
    page.assert_text("AutoTalk");
    assert!(!page.url.as_str().contains("autotalk.test"), "the request travels sealed: {}", page.url);
}

/// OpenID Connect Core §3.1.2.1: GET and POST must both work; the cross-site POST arrives without the session cookie and still signs in silently.
#[tokio::test]
async fn a_request_by_post_is_as_good_as_one_by_get() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let form: Vec<(String, String)> =
        form_urlencoded::parse(app.authorize(seed::AUTOTALK).query().as_bytes()).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    let answer = browser.cross_site_post("/authorize", &form).await.expect(303);
    let next = answer.location();
    assert_eq!(next.origin().ascii_serialization(), ISSUER);
    let page = browser.open(next.as_str()).await;
    page.code();
    assert_eq!(page.param("state").as_deref(), Some("af0ifjsldkj"));
}

/// The sealed form of a posted request can be refreshed and comes back to the same request.
#[tokio::test]
async fn a_posted_request_of_a_stranger_leads_to_the_sign_in_page() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let form: Vec<(String, String)> =
        form_urlencoded::parse(app.authorize(seed::AUTOTALK).query().as_bytes()).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    let answer = browser.cross_site_post("/authorize", &form).await.expect(303);
    browser.open(answer.location().as_str()).await.expect("/login", 200).sign_in(seed::ANA).await.code();
}

/// RFC 6749 §4.1.2.1: an unknown client is told to the person, never by a redirect.
#[tokio::test]
async fn an_unknown_client_gets_a_page() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize("nobody").with("redirect_uri", "https://autotalk.test/callback").url()).await;
    let page = page.expect("/authorize", 400);
    assert_eq!(page.error_code(), "invalid_client");
    page.assert_text("nobody");
}

/// RFC 6749 §4.1.2.1.
#[tokio::test]
async fn a_missing_client_id_gets_a_page() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).without("client_id").url()).await.expect("/authorize", 400);
    assert_eq!(page.error_code(), "invalid_request");
    page.assert_text("client_id");
}

/// A disabled client is as good as none.
#[tokio::test]
async fn a_disabled_client_gets_a_page() {
    let app = TestApp::start().await;
    app.change_client(seed::AUTOTALK, |client| client.enabled = false).await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&app.authorize(seed::AUTOTALK).url()).await.expect("/authorize", 400);
}

/// OpenID Connect Core §3.1.2.6, RFC 6749 §4.1.2.1: `state` and `iss` come back with every error, and the description helps.
#[tokio::test]
async fn errors_come_back_with_state_issuer_and_a_helpful_description() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let cases = [
        (app.authorize(seed::AUTOTALK).with("response_type", "token"), "unsupported_response_type"),
        (app.authorize(seed::AUTOTALK).with("response_type", "code id_token"), "unsupported_response_type"),
        (app.authorize(seed::AUTOTALK).without("response_type"), "invalid_request"),
        (app.authorize(seed::AUTOTALK).with("response_mode", "fragment"), "invalid_request"),
        (app.authorize(seed::AUTOTALK).with("prompt", "none login"), "invalid_request"),
        (app.authorize(seed::AUTOTALK).with("prompt", "surprise"), "invalid_request"),
        (app.authorize(seed::AUTOTALK).with("max_age", "soon"), "invalid_request"),
        (app.authorize(seed::AUTOTALK).with("max_age", "-1"), "invalid_request"),
        (app.authorize(seed::AUTOTALK).with("scope", "openid \u{e9}"), "invalid_scope"),
        (app.authorize(seed::AUTOTALK).with("id_token_hint", "no.such.token"), "invalid_request"),
    ];
    for (request, error) in cases {
        let page = browser.open(&request.url()).await;
        assert_eq!(page.error(), error, "{}", page.url);
        assert_eq!(page.param("state").as_deref(), Some("af0ifjsldkj"), "{}", page.url);
        assert_eq!(page.param("iss").as_deref(), Some(ISSUER), "{}", page.url);
        assert!(page.param("code").is_none());
        assert_description(&page.param("error_description").unwrap_or_default(), page.url.as_str());
    }
}

/// A client that registered other grant types only is not sent codes.
#[tokio::test]
async fn a_client_without_the_code_grant_is_unauthorized() {
    let app = TestApp::start().await;
    app.change_client(seed::BATCH, |client| client.metadata.redirect_uris = vec!["https://batch.test/callback".to_owned()]).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::BATCH).url()).await;
    assert_eq!(page.error(), "unauthorized_client");
}

/// RFC 6749 §3.3: a scope the client may not ask for.
#[tokio::test]
async fn a_scope_outside_the_registered_ones_is_refused() {
    let app = TestApp::start().await;
    app.change_client(seed::AUTOTALK, |client| client.metadata.scope = "openid email".to_owned()).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("scope", "openid phone").url()).await;
    assert_eq!(page.error(), "invalid_scope");
}

/// OpenID Connect Core §3.1.2.1: without `openid` it is plain OAuth: a code, and no ID token for it.
#[tokio::test]
async fn without_the_openid_scope_no_id_token_is_issued() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "profile").await;
    assert!(tokens.get("id_token").is_none(), "{tokens}");
    assert_eq!(tokens["scope"], "profile");
}

/// RFC 6749 §4.1.2.1: the service never redirects while the client or its URI is in doubt, also with other errors in the request.
#[tokio::test]
async fn a_bad_redirect_uri_outweighs_every_other_error() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let request =
        app.authorize(seed::AUTOTALK).with("redirect_uri", "https://evil.test/").with("response_type", "token").with("prompt", "none");
    browser.open(&request.url()).await.expect("/authorize", 400);
}

/// RFC 9110 §15.5.6.
#[tokio::test]
async fn other_methods_are_not_allowed() {
    let app = TestApp::start().await;
    let answer = app.method(http::Method::PUT, "/authorize").await.expect(405);
    assert!(answer.is_html());
}
