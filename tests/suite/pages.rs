//! Every page: structure, form semantics, weight: PAGES §1.2, §1.4, §7.

use axum::body::Body;
use http::Request;

use crate::harness::{Page, TestApp, seed};

fn assert_page(page: &Page<'_>) {
    let name = page.url.path();
    assert_eq!(page.count("h1"), 1, "one h1: {name}");
    assert_eq!(page.count("main"), 1, "one main: {name}");
    assert!(!page.language().is_empty() && page.attribute("html", "dir").is_some(), "{name}");
    assert!(page.title().ends_with("Vestibule"), "the title ends with the brand: {}", page.title());
    for selector in [
        "[style]",
        "style",
        "script:not([src])",
        "[onclick]",
        "[onload]",
        "[tabindex]:not([tabindex='-1']):not([tabindex='0'])",
        "iframe",
        "meta[http-equiv]",
    ] {
        assert_eq!(page.count(selector), 0, "{selector}: {name}");
    }
    assert_eq!(page.count("img:not([alt])"), 0, "{name}");
    let unlabelled = page.count("input:not([type=hidden]):not([aria-label]):not([id])");
    assert_eq!(unlabelled, 0, "every field has an id for its label: {name}");
    for url in page.answer.text().split(['"', '\'']).filter(|piece| piece.starts_with("http")) {
        assert!(url.starts_with("http://www.w3.org/") || !page.has(&format!("[src='{url}']")), "nothing is loaded from elsewhere: {url}");
    }
}

/// PAGES §7.
#[tokio::test]
async fn every_page_is_well_formed() {
    let app = TestApp::start().await;
    let stranger = app.browser();
    for url in ["/", "/login", "/logged-out", "/nothing", &app.authorize(seed::AUTOTALK).url(), &app.authorize("nobody").url()] {
        assert_page(&stranger.open(url).await);
    }
    let ana = app.browser_of(seed::ANA).await;
    let consent = app.authorize(seed::TICKETING).with("scope", "openid profile email phone address offline_access").url();
    let choice = app.authorize(seed::AUTOTALK).with("prompt", "select_account").url();
    let again = app.authorize(seed::AUTOTALK).with("max_age", "0").url();
    app.seconds_pass(2);
    for url in ["/", "/account", "/logout", &consent, &choice, &again] {
        assert_page(&ana.open(url).await);
    }
}

/// PAGES §1.2: the tokens that password managers read.
#[tokio::test]
async fn the_sign_in_form_has_the_standard_semantics() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    let email = |name: &str| page.attribute("#identifier", name).unwrap_or_default();
    assert_eq!((email("type"), email("name")), ("email".to_owned(), "email".to_owned()));
    assert!(email("autocomplete").starts_with("username"));
    assert_eq!((email("autocapitalize"), email("spellcheck")), ("none".to_owned(), "false".to_owned()));
    let password = |name: &str| page.attribute("#password", name).unwrap_or_default();
    assert_eq!((password("type"), password("autocomplete")), ("password".to_owned(), "current-password".to_owned()));
    assert!(page.attribute("#password", "maxlength").is_none_or(|length| length.parse::<u32>().unwrap() >= 256));
    assert_eq!(page.count("form:not(#passkey)"), 1);
    assert!(page.title().starts_with("Log in"), "{}", page.title());
}

/// Who asks for the password again is shown, and managers find the user name.
#[tokio::test]
async fn the_form_that_asks_again_names_the_person() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(2);
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "login").url()).await;
    assert_eq!(page.value("Email"), seed::ANA);
    assert!(page.attribute("#identifier", "readonly").is_some());
    assert!(page.attribute("#identifier", "autocomplete").unwrap().starts_with("username"));
    assert_eq!(page.attribute("#password", "autocomplete").as_deref(), Some("current-password"));
}

/// Errors are tied to their fields for people who do not see them.
#[tokio::test]
async fn errors_are_tied_to_their_fields() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in_with(seed::ANA, "not the right password").await;
    assert_eq!(page.attribute("#password", "aria-invalid").as_deref(), Some("true"));
    for id in page.attribute("#password", "aria-describedby").unwrap().split(' ') {
        assert!(page.has(&format!("[id='{id}']")), "{id}");
    }
    assert!(page.has("[role=alert]") || page.has("[autofocus]"), "focus or an alert leads to the error: {page:?}");
}

/// At most 20 KB over the wire and four requests for the sign-in page.
#[tokio::test]
async fn the_sign_in_page_is_light() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    let html = page.answer.text();
    let mut files: Vec<&str> = html.split('"').filter(|piece| piece.starts_with("/static/")).collect();
    files.sort_unstable();
    files.dedup();
    let mut bytes = html.len();
    for file in &files {
        let request = Request::get(*file).header("accept-encoding", "gzip, br").body(Body::empty()).unwrap();
        bytes += app.send(request).await.expect(200).body.len();
    }
    assert!(files.len() < 4, "{files:?}");
    assert!(bytes <= 20_000, "{bytes} bytes");
}

/// An operator's text is never markup.
#[tokio::test]
async fn client_names_are_escaped() {
    let app = TestApp::start().await;
    app.change_client(seed::TICKETING, |client| client.metadata.client_name = Some("<script>alert(1)</script>".to_owned())).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::TICKETING).url()).await;
    assert!(!page.answer.text().contains("<script>alert"), "{page:?}");
    page.assert_text("<script>alert(1)</script>");
}

/// Links of the application are links, and `javascript:` ones are not.
#[tokio::test]
async fn the_consent_page_links_the_applications_policy_and_terms() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::TICKETING).url()).await;
    assert!(page.has("a[href='https://ticketing.test/privacy']") && page.has("a[href='https://ticketing.test/terms']"), "{page:?}");
}

/// HEAD is answered like GET, without a body and without doing anything.
#[tokio::test]
async fn head_is_answered_and_does_nothing() {
    let app = TestApp::start().await;
    for path in ["/", "/login", "/jwks", "/.well-known/openid-configuration", "/health/live"] {
        let answer = app.method(http::Method::HEAD, path).await.expect(200);
        assert!(answer.body.is_empty());
    }
}
