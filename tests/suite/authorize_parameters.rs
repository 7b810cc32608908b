//! Parameters of the authorization request: RFC 6749 §3.1, OpenID Connect Core §3.1.2.1.

use crate::harness::{TestApp, seed};

/// RFC 6749 §3.1: parameters must not be included more than once. Which of two client ids or redirect URIs counts must never matter: a page.
#[tokio::test]
async fn every_repeated_parameter_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let request = app.authorize(seed::AUTOTALK).with("prompt", "none").with("unknown", "1");
    for (name, _) in form_urlencoded::parse(request.query().as_bytes()) {
        let value = form_urlencoded::parse(request.query().as_bytes()).find(|(n, _)| *n == name).unwrap().1.into_owned();
        let page = browser.open(&request.clone().also(&name, &value).url()).await;
        let error = if page.has_left() { page.error() } else { page.error_code() };
        assert_eq!(error, "invalid_request", "{name}: {}", page.url);
    }
}

/// RFC 6749 §3.1: parameters sent without a value are treated as if they were omitted.
#[tokio::test]
async fn an_empty_parameter_is_no_parameter() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "").with("max_age", "").with("state", "").url()).await;
    page.code();
    assert!(page.param("state").is_none());
}

/// RFC 6749 §3.1: unrecognised parameters are ignored.
#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open(&app.authorize(seed::AUTOTALK).with("extra", "foobar").with("display", "popup").url()).await.code();
}

/// OpenID Connect Core §3.1.2.1: `display`, `claims_locales`, `acr_values` must not break anything.
#[tokio::test]
async fn optional_parameters_we_do_not_act_on_do_no_harm() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let request = app.authorize(seed::AUTOTALK).with("display", "page").with("claims_locales", "se").with("acr_values", "aal1 aal2");
    browser.open(&request.url()).await.code();
}

/// OpenID Connect Core §3.1.2.1: `login_hint` fills in the address and nothing is submitted by itself.
#[tokio::test]
async fn login_hint_prefills_the_address() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("login_hint", "ana@example.test").url()).await.expect("/login", 200);
    assert_eq!(page.value("Email"), "ana@example.test");
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("login_hint", "\"><script>alert(1)</script>").url()).await;
    assert!(!page.answer.text().contains("<script>alert"), "{page:?}");
}

/// OpenID Connect Core §3.1.2.1: `ui_locales` in order of preference; ours that fits best wins over the browser's.
#[tokio::test]
async fn ui_locales_picks_the_language_of_the_pages() {
    let app = TestApp::start().await;
    for (asked, shown) in [("es", "es"), ("fr pt-BR", "pt-BR"), ("pt", "pt-BR"), ("es-MX en", "es"), ("xx", "en")] {
        let browser = app.browser();
        let page = browser.open(&app.authorize(seed::AUTOTALK).with("ui_locales", asked).url()).await.expect("/login", 200);
        assert_eq!(page.language(), shown, "{asked}");
        assert_eq!(page.answer.header("content-language"), shown, "{asked}");
    }
}

/// Parameters travel sealed: nobody can change them between the pages.
#[tokio::test]
async fn a_changed_flow_is_worthless() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.expect("/login", 200);
    let flow = page.url.query_pairs().find(|(name, _)| name == "i").unwrap().1.into_owned();
    let middle = flow.len() / 2;
    let swapped = if flow.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let forged = format!("{}{swapped}{}", &flow[..middle], &flow[middle + 1..]);
    for path in ["/login", "/consent", "/choose-account", "/authorize/resume"] {
        let page = browser.open(&format!("{path}?i={forged}")).await;
        assert!(!page.has_left() && page.status() == 400, "{path}: {page:?}");
    }
}

/// Bounded: scope ≤ 1 KiB and 50 values, the whole query ≤ 8 KiB.
#[tokio::test]
async fn oversized_requests_are_refused_and_large_ones_are_not() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("state", &"s".repeat(2000)).with("nonce", &"n".repeat(1000)).url()).await;
    assert_eq!(page.param("state").unwrap().len(), 2000);
    let scope = format!("openid {}", "profile ".repeat(200));
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("scope", &scope).url()).await;
    assert_eq!(page.error(), "invalid_scope");
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("state", &"s".repeat(20_000)).url()).await;
    assert!(!page.has_left() && page.status() >= 400, "{}", page.url);
}
