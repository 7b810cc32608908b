//! Request objects are not supported, and say so: OpenID Connect Core §6, RFC 9101.

use crate::harness::{TestApp, seed};

/// OpenID Connect Core §3.1.2.6.
#[tokio::test]
async fn request_request_uri_and_registration_have_errors_of_their_own() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let object = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9.";
    for (name, value, error) in [
        ("request", object, "request_not_supported"),
        ("request_uri", "https://autotalk.test/request.jwt", "request_uri_not_supported"),
        ("registration", "{}", "registration_not_supported"),
    ] {
        let page = browser.open(&app.authorize(seed::AUTOTALK).with(name, value).url()).await;
        assert_eq!(page.error(), error);
        assert_eq!(page.param("state").as_deref(), Some("af0ifjsldkj"));
    }
}

/// OpenID Connect Core §6: a redirect URI hidden in the object is not looked at; without one outside, a page.
#[tokio::test]
async fn a_redirect_uri_inside_the_object_is_not_used() {
    let app = TestApp::start().await;
    let browser = app.browser();
    // {"alg":"none"} . {"redirect_uri":"https://autotalk.test/callback"}
    let object = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2F1dG90YWxrLnRlc3QvY2FsbGJhY2sifQ.";
    browser.open(&app.authorize(seed::AUTOTALK).without("redirect_uri").with("request", object).url()).await.expect("/authorize", 400);
}
