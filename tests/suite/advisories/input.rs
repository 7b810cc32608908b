//! Hostile text: shown, mailed, searched for, or simply too much of it.

use axum::body::Body;
use http::Request;

use crate::harness::{TestApp, TokenRequest, encode, seed};

const SCRIPT: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}${7*7}";

fn assert_harmless(text: &str, what: &str) {
    assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "{what}: {text}");
    assert!(!text.contains("49$"), "{what}: a template was run: {text}");
}

/// authentik, ZITADEL, Authelia, Casdoor: text of the request was put into the page as it was.
#[tokio::test]
async fn cve_2026_42849_2026_29191_2025_67495_2026_33525_2024_41658_nothing_of_a_request_is_markup() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for name in
        ["login_hint", "state", "ui_locales", "prompt", "scope", "client_id", "redirect_uri", "acr_values", "nonce", "response_mode"]
    {
        let answer = browser.open(&app.authorize(seed::AUTOTALK).with(name, SCRIPT).url()).await;
        if !answer.has_left() {
            assert_harmless(&answer.answer.text(), name);
        }
    }
    for path in ["/login", "/logout", "/logged-out", "/password/reset", "/not-me", "/email/confirm", "/account/confirm", "/nothing"] {
        for name in ["notice", "error", "i", "token", "then", "done", "said", "lang", "email", "client_id", "id_token_hint"] {
            let answer = app.get(&format!("{path}?{}", encode(&[(name, SCRIPT)]))).await;
            assert_harmless(&answer.text(), path);
        }
    }
    let page = browser.open("/login").await.sign_in_with(SCRIPT, SCRIPT).await;
    assert_harmless(&page.answer.text(), "/login");
}

/// Casdoor, ZITADEL: a name was markup on the pages and in the mails of others.
#[tokio::test]
async fn cve_2026_5468_2024_41953_2024_29891_2024_28855_a_name_is_no_markup() {
    let app = TestApp::start().await;
    app.change_user(seed::ANA, |user| user.profile.name = Some(SCRIPT.to_owned())).await;
    app.change_client(seed::TICKETING, |client| client.metadata.client_name = Some(SCRIPT.to_owned())).await;
    app.change_user(seed::BRUNO, |user| user.administrator = true).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::TICKETING).url()).await.expect("/consent", 200);
    assert_harmless(&page.answer.text(), "consent");
    page.click("#consent-allow").await;
    for path in ["/account", "/account/profile", "/account/applications", "/account/sessions", "/account/activity"] {
        assert_harmless(&browser.open(path).await.answer.text(), path);
    }
    browser.open("/account/activity").await.tamper("words", SCRIPT).click("#notify-submit").await;
    browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let directory = app.mails().await.len();
    assert!(directory >= 2);
    for entry in std::fs::read_dir(app.mailbox_directory()).unwrap() {
        let mail = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        // The text part may say what was typed; the other may not say it as markup.
        let html = mail.split("text/html").nth(1).unwrap_or_default().replace("=\r\n", "").replace("=3D", "=");
        assert_harmless(&html, "mail");
    }
}

/// Casdoor: text of a search was SQL.
#[tokio::test]
async fn cve_2022_24124_text_is_no_sql() {
    let app = TestApp::start().await;
    let before = app.snapshot().await.rows("users");
    for text in ["' OR '1'='1", "x'; DROP TABLE users; --", "ana@example.test' --", "%' OR 1=1 --", "\\", "\u{0}"] {
        let browser = app.browser();
        let page = browser.open("/login").await.sign_in_with(&format!("{text}@example.test"), text).await;
        assert!(!page.has_left() && browser.cookie("__Host-vestibule-session").is_none(), "{text}");
        let answer = app.get(&app.authorize(text).url()).await;
        assert_eq!(answer.status, 400, "{text}: {answer:?}");
        let token = app.token(TokenRequest::code(seed::AUTOTALK, text)).await;
        assert_eq!(token.status, 400, "{text}: {token:?}");
        assert!(!app.is_alive("x").await);
    }
    assert_eq!(app.snapshot().await.rows("users"), before);
}

/// Keycloak: a scope of many words cost more than anybody could pay.
#[tokio::test]
async fn cve_2026_4634_a_long_scope_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for scope in [format!("openid {}", "a ".repeat(400)), format!("openid {}", "x".repeat(1100))] {
        let page = browser.open(&app.authorize(seed::AUTOTALK).with("scope", &scope).url()).await;
        assert_eq!(page.error(), "invalid_scope");
        let answer = app.token(TokenRequest::client_credentials(seed::BATCH).with("scope", &scope)).await;
        answer.expect_error(400, "invalid_scope");
    }
}

/// Keycloak: headers and inputs that cost far more than they weigh. Each of these is answered, and with no success.
#[tokio::test]
async fn cve_2024_10270_2024_11734_odd_and_long_input_is_only_refused() {
    let app = TestApp::start().await;
    let long = "a".repeat(60_000);
    for (name, value) in
        [("accept-language", "a,".repeat(4000)), ("cookie", "a=b; ".repeat(2000)), ("authorization", format!("Basic {}", &long[..8000]))]
    {
        let request = Request::get("/account").header(name, value).body(Body::empty()).unwrap();
        let answer = app.send(request).await;
        assert!(answer.status == 303 || answer.status.is_client_error(), "{name}: {answer:?}");
    }
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in_with("a@".repeat(5000).as_str(), "x").await;
    assert!(page.status() == 422 || page.status() == 400, "{page:?}");
    app.get(&format!("/login?{}", "a&".repeat(30_000))).await;
}

/// Without a number (Kanidm 1.11.0): a password of any length was hashed. Here it is refused before.
#[tokio::test]
async fn long_passwords_are_refused_before_they_are_hashed() {
    let app = TestApp::start().await;
    for length in [513, 10_000, 40_000] {
        let page = app.browser();
        let page = page.open("/login").await.sign_in_with(seed::ANA, &"a".repeat(length)).await;
        assert_eq!(page.status(), 422, "{length}");
    }
}
