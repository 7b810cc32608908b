//! Where browsers are sent.

use crate::harness::{TestApp, TokenRequest, encode, seed};

/// Nobody is redirected to this address for AutoTalk.
async fn refused(app: &TestApp, uri: &str) {
    let answer = app.browser_of(seed::ANA).await.get(&app.authorize(seed::AUTOTALK).with("redirect_uri", uri).url()).await.expect(400);
    assert!(!answer.has("location"), "{uri}: {answer:?}");
}

/// Keycloak: path tricks and parsers that disagree went past the comparison of redirect URIs.
#[tokio::test]
async fn cve_2026_3872_2024_8883_2024_1132_2023_6291_2023_6927_near_misses_are_refused() {
    let app = TestApp::start().await;
    for uri in [
        "https://autotalk.test/callback/..;/../evil",
        "https://autotalk.test/callback/%2e%2e/evil",
        "https://autotalk.test/callback%23@evil.test",
        "https://autotalk.test:pass@evil.test/callback",
        "https://evil.test\\@autotalk.test/callback",
        "https://autotalk.test/callback?x=https://evil.test",
        "http://127.0.0.1/callback",
        "https://autotalk.test/callback,https://evil.test",
    ] {
        refused(&app, uri).await;
    }
}

/// authentik: a registered address was taken for a regular expression, and one that only began like a registered one was accepted.
#[tokio::test]
async fn cve_2024_52289_2026_41569_addresses_are_compared_whole_and_literally() {
    let app = TestApp::start().await;
    for uri in [
        "https://autotalkxtest/callback",
        "https://autotalk.test/callbackx",
        "https://autotalk.test/callback.evil",
        "https://autotalk.test/",
    ] {
        refused(&app, uri).await;
    }
    app.change_client(seed::AUTOTALK, |client| client.metadata.redirect_uris = vec!["https://.*/".to_owned(), "*".to_owned()]).await;
    refused(&app, "https://evil.test/").await;
}

/// authentik, ZITADEL: an address that is a script was registered or asked for, and run.
#[tokio::test]
async fn cve_2024_21637_2026_29192_scripts_are_no_addresses() {
    let app = TestApp::start().await;
    for uri in ["javascript:alert(1)", "JavaScript:alert(1)//https://autotalk.test/callback", "data:text/html,<script>alert(1)</script>"] {
        refused(&app, uri).await;
        let page = app
            .browser_of(seed::ANA)
            .await
            .open(&format!("/logout?{}", encode(&[("client_id", seed::AUTOTALK), ("post_logout_redirect_uri", uri)])))
            .await
            .status();
        assert!(page == 200 || page == 400);
    }
}

/// Ory fosite: loopback addresses were compared too loosely.
#[tokio::test]
async fn cve_2020_15233_2020_15234_only_the_port_of_a_loopback_address_is_free() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let ask = async |uri: &str| browser.get(&app.authorize(seed::NATIVE).with("redirect_uri", uri).url()).await;
    assert_eq!(ask("http://127.0.0.1:50000/callback").await.status, 303);
    for uri in [
        "http://127.0.0.1:50000/other",
        "http://127.0.0.1:50000/callback?x=1",
        "https://127.0.0.1:50000/callback",
        "http://localhost:50000/callback",
        "http://127.0.0.1.evil.test/callback",
        "http://127.0.0.1:80@evil.test/callback",
        "HTTP://127.0.0.1/callback",
    ] {
        let answer = ask(uri).await;
        assert!(answer.status == 400 && !answer.has("location"), "{uri}: {answer:?}");
    }
}

/// Casdoor: a parameter of the sign-in page said where to go afterwards.
#[tokio::test]
async fn cve_2026_5467_no_parameter_says_where_to_go_after_the_sign_in() {
    let app = TestApp::start().await;
    for name in ["next", "redirect", "return_to", "redirect_uri", "then", "url", "continue"] {
        for to in ["https://evil.test", "//evil.test", "/\\evil.test"] {
            let browser = app.browser();
            let page = browser.open(&format!("/login?{}", encode(&[(name, to)]))).await;
            page.sign_in(seed::ANA).await.expect("/account", 200);
        }
    }
}

/// Keycloak: an address that somebody else had written was fetched or followed at the log-out.
#[tokio::test]
async fn cve_2026_4874_log_out_goes_to_registered_addresses_alone() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let hint = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.json()["id_token"].as_str().unwrap().to_owned();
    for target in
        ["http://169.254.169.254/latest", "https://autotalk.test/{client.session.host}", "https://autotalk.test/goodbye@evil.test"]
    {
        let browser = app.browser_of(seed::ANA).await;
        let page = browser.open(&format!("/logout?{}", encode(&[("id_token_hint", &hint), ("post_logout_redirect_uri", target)]))).await;
        assert!(!page.has_left(), "{target}: {page:?}");
    }
}

/// Keycloak: the service fetched what a request named.
#[tokio::test]
async fn cve_2020_10770_a_request_uri_is_not_fetched() {
    let app = TestApp::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = format!("http://{}/request.jwt", listener.local_addr().unwrap());
    let page = app.browser_of(seed::ANA).await;
    let page = page.open(&app.authorize(seed::AUTOTALK).with("request_uri", &there).url()).await.error();
    assert_eq!(page, "request_uri_not_supported");
    let asked = tokio::time::timeout(std::time::Duration::from_millis(1), listener.accept()).await;
    assert!(asked.is_err(), "somebody came to fetch it");
}
