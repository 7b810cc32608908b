//! Redirect URIs: exact comparison (RFC 9700 §2.1), loopback ports excepted (RFC 8252 §7.3).

use crate::harness::{TestApp, seed};

/// RFC 9700 §4.1.3: everything that is almost the registered URI gets a page and no `Location`.
#[tokio::test]
async fn near_misses_are_never_redirected_to() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let near_misses = [
        "https://autotalk.test/callback/",
        "https://autotalk.test/callback?",
        "https://autotalk.test/callback?x=1",
        "https://autotalk.test/callback#",
        "https://autotalk.test/callback#x",
        "https://autotalk.test/Callback",
        "https://autotalk.test//callback",
        "https://autotalk.test/a/../callback",
        "https://autotalk.test/callback/..;/",
        "https://autotalk.test/%63allback",
        "https://autotalk.test/",
        "https://autotalk.test",
        "https://autotalk.test:443/callback",
        "https://autotalk.test:8443/callback",
        "https://autotalk.test./callback",
        "https://user@autotalk.test/callback",
        "https://autotalk.test@evil.test/callback",
        "https://autotalk.test.evil.test/callback",
        "https://evil.test/callback",
        "https://sub.autotalk.test/callback",
        "http://autotalk.test/callback",
        "HTTPS://autotalk.test/callback",
        "https://AUTOTALK.test/callback",
        "https:\\\\autotalk.test\\callback",
        "https://autotalk.test\\@evil.test/callback",
        "//autotalk.test/callback",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://autotalk.test/callback",
        "https://autotalk.test/callback ",
        "https://autotalk.test/callback\0",
        "https://autotalk.test/callback\r\nX: y",
        "https://ticketing.test/callback",
        "*",
    ];
    for uri in near_misses {
        let answer = browser.get(&app.authorize(seed::AUTOTALK).with("redirect_uri", uri).url()).await.expect(400);
        assert!(!answer.has("location"), "{uri}: {answer:?}");
        assert!(answer.text().contains("error-code"), "{uri}");
    }
}

/// OpenID Connect Core §3.1.2.1: `redirect_uri` is required, however many are registered.
#[tokio::test]
async fn a_missing_redirect_uri_gets_a_page_even_if_one_is_registered() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).without("redirect_uri").url()).await.expect("/authorize", 400);
    assert_eq!(page.error_code(), "invalid_request");
    page.assert_text("redirect_uri");
}

/// The page helps the developer: who asked, what came, what is different; it does not list what is registered.
#[tokio::test]
async fn the_error_page_says_what_came_and_how_it_differs() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("redirect_uri", "https://autotalk.test/callback/").url()).await;
    assert_eq!(page.error_code(), "invalid_request");
    for text in ["AutoTalk", "https://autotalk.test/callback/", "trailing slash"] {
        page.assert_text(text);
    }
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("redirect_uri", "https://evil.test/x").url()).await;
    assert!(!page.has_text("autotalk.test/callback"), "registered addresses are not listed: {}", page.text());
}

/// What is shown of the received value is text, never markup.
#[tokio::test]
async fn the_received_value_is_escaped() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("redirect_uri", "https://x/<img src=x onerror=alert(1)>").url()).await;
    assert!(!page.answer.text().contains("<img src=x"), "{page:?}");
}

/// OpenID Connect Core §3.1.2.1: the query of a registered URI is part of it and is kept.
#[tokio::test]
async fn a_registered_query_is_compared_and_kept() {
    let app = TestApp::start().await;
    let uri = "https://autotalk.test/callback?tenant=a%20b";
    app.change_client(seed::AUTOTALK, |client| client.metadata.redirect_uris = vec![uri.to_owned()]).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("redirect_uri", uri).url()).await;
    assert!(page.callback().as_str().starts_with("https://autotalk.test/callback?tenant=a%20b&"), "{}", page.url);
    page.code();
    let other = app.authorize(seed::AUTOTALK).with("redirect_uri", "https://autotalk.test/callback?tenant=b");
    browser.open(&other.url()).await.expect("/authorize", 400);
}

/// RFC 8252 §7.3: any port on the loopback address of a native client, and on nothing else.
#[tokio::test]
async fn loopback_ports_are_free_for_native_clients() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for uri in ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]:5555/callback"]
    {
        let page = browser.open(&app.authorize(seed::NATIVE).with("redirect_uri", uri).url()).await;
        assert!(page.callback().as_str().starts_with(uri.trim_end_matches("/callback")), "{}", page.url);
        page.code();
    }
    for uri in [
        "http://localhost:5555/callback",
        "http://127.0.0.2:5555/callback",
        "https://127.0.0.1:5555/callback",
        "http://127.0.0.1:5555/other",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:x/callback",
        "http://127.0.0.1:5555@evil.test/callback",
        "http://127.0.0.1:5555.evil.test/callback",
        "http://127.1:5555/callback",
        "http://2130706433:5555/callback",
        "http://127.0.0.1:5555/callback?x",
        "http://[::ffff:127.0.0.1]:5555/callback",
    ] {
        browser.open(&app.authorize(seed::NATIVE).with("redirect_uri", uri).url()).await.expect("/authorize", 400);
    }
}

/// RFC 8252 §7.1: private-use schemes are redirected to as registered.
#[tokio::test]
async fn a_private_use_scheme_works() {
    let app = TestApp::start().await;
    let uri = "com.example.app:/callback";
    app.change_client(seed::NATIVE, |client| client.metadata.redirect_uris = vec![uri.to_owned()]).await;
    let browser = app.browser_of(seed::ANA).await;
    let answer = browser.get(&app.authorize(seed::NATIVE).with("redirect_uri", uri).url()).await.expect(303);
    assert!(answer.header("location").starts_with("com.example.app:/callback?"), "{answer:?}");
}
