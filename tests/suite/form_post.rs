//! `response_mode=form_post`: OAuth 2.0 Form Post Response Mode 1.0.

use std::time::Duration;

use crate::harness::{AuthorizeRequest, Browser, ISSUER, Page, TestApp, TokenRequest, redirect_uri, seed};

const BUTTON: &str = "#form-post-submit";
/// What a page that is not careful would run, or lose.
const HOSTILE: &str = "\"><script>alert(1)</script>' onfocus=x & &amp; \u{202e}é </form>";

fn asked(app: &TestApp, client: &str) -> AuthorizeRequest {
    app.authorize(client).with("response_mode", "form_post")
}

/// What the application is posted, at its redirect URI.
#[track_caller]
fn posted(page: &Page<'_>, client: &str) -> Vec<(String, String)> {
    assert_eq!(page.status(), 200, "{page:?}");
    let (action, form) = page.form_of(BUTTON);
    assert_eq!(action, redirect_uri(client), "{page:?}");
    form
}

#[track_caller]
fn names(form: &[(String, String)]) -> Vec<&str> {
    form.iter().map(|(name, _)| name.as_str()).collect()
}

#[track_caller]
fn value<'f>(form: &'f [(String, String)], name: &str) -> &'f str {
    &form.iter().find(|(own, _)| own == name).unwrap_or_else(|| panic!("no {name}: {form:?}")).1
}

/// The error an application is posted, with all that belongs to it.
#[track_caller]
fn error(page: &Page<'_>, client: &str) -> String {
    let form = posted(page, client);
    assert_eq!(names(&form), ["error", "error_description", "state", "iss"], "{page:?}");
    assert_eq!((value(&form, "state"), value(&form, "iss")), ("af0ifjsldkj", ISSUER));
    value(&form, "error").to_owned()
}

/// §2: the code in a form that posts itself, on a page that works without scripts, is kept by nobody, and tells nobody where it came from.
#[tokio::test]
async fn a_code_is_posted_to_the_application() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&asked(&app, seed::AUTOTALK).url()).await.expect("/login", 200).sign_in(seed::ANA).await;
    let page = page.expect("/authorize/resume", 200);
    let form = posted(&page, seed::AUTOTALK);
    assert_eq!(names(&form), ["code", "state", "iss"]);
    assert_eq!((value(&form, "state"), value(&form, "iss")), ("af0ifjsldkj", ISSUER));
    assert_eq!(page.h1(), "Back to AutoTalk");
    assert!(page.offers("Continue") && page.count("form") == 1, "{page:?}");
    assert!(page.attribute("script", "src").unwrap().starts_with("/static/form_post.") && page.count("script") == 1);
    assert_eq!(page.answer.header("cache-control"), "no-store");
    assert_eq!(page.answer.header("referrer-policy"), "no-referrer");
    assert!(!page.has("meta[name=referrer]"), "the header holds: {page:?}");
    let policy = page.answer.header("content-security-policy");
    assert!(policy.contains("script-src 'self'; form-action 'self' https://autotalk.test; "), "{policy}");
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, value(&form, "code"))).await.expect(200);
    assert!(tokens.json()["id_token"].is_string());
}

/// A signed-in browser has its answer at once, and another one each time it comes back.
#[tokio::test]
async fn coming_back_to_the_page_brings_a_new_code() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&asked(&app, seed::AUTOTALK).url()).await.expect("/authorize", 200);
    let again = page.refresh().await;
    let codes = [&page, &again].map(|page| value(&posted(page, seed::AUTOTALK), "code").to_owned());
    assert_ne!(codes[0], codes[1]);
    for code in codes {
        app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
    }
}

/// Consent given and refused; the page's own forms may lead to it.
#[tokio::test]
async fn consent_and_its_refusal_are_posted() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&asked(&app, seed::TICKETING).url()).await.expect("/consent", 200).click("#consent-deny").await;
    assert_eq!(error(&page, seed::TICKETING), "access_denied");
    let page = browser.open(&asked(&app, seed::TICKETING).url()).await.expect("/consent", 200).click("#consent-allow").await;
    assert_eq!(names(&posted(&page, seed::TICKETING)), ["code", "state", "iss"]);
}

/// Every error that goes back to an application goes back as it asked, whichever step of the way finds it.
#[tokio::test]
async fn errors_are_posted_too() {
    let app = TestApp::start().await;
    let (nobody, ana) = (app.browser(), app.browser_of(seed::ANA).await);
    let form_post = || asked(&app, seed::AUTOTALK);
    let essential = r#"{"id_token":{"acr":{"essential":true,"values":["gold"]}}}"#;
    let rows: [(&Browser<'_>, AuthorizeRequest, &str); 10] = [
        (&nobody, form_post().with("prompt", "none"), "login_required"),
        (&ana, form_post().with("prompt", "none").with("acr_values", "aal2"), "login_required"),
        (&ana, form_post().with("prompt", "none login"), "invalid_request"),
        (&ana, form_post().with("prompt", "create"), "invalid_request"),
        (&ana, form_post().with("response_type", "code id_token"), "unsupported_response_type"),
        (&ana, form_post().with("scope", "nobody-knows"), "invalid_scope"),
        (&ana, form_post().with("request_uri", "https://autotalk.test/r"), "request_uri_not_supported"),
        (&ana, form_post().with("max_age", "soon"), "invalid_request"),
        (&ana, form_post().also("nonce", "another"), "invalid_request"),
        (&ana, form_post().with("claims", essential), "unmet_authentication_requirements"),
    ];
    for (browser, request, expected) in rows {
        assert_eq!(error(&browser.open(&request.url()).await, seed::AUTOTALK), expected, "{request:?}");
    }
    let page = ana.open(&asked(&app, seed::TICKETING).with("prompt", "none").url()).await;
    assert_eq!(error(&page, seed::TICKETING), "consent_required");
    app.advance(Duration::from_mins(10));
    let page = ana.open(&form_post().with("prompt", "none").with("max_age", "60").url()).await;
    assert_eq!(error(&page, seed::AUTOTALK), "login_required");
    app.change_client(seed::AUTOTALK, |client| client.metadata.grant_types = Vec::new()).await;
    assert_eq!(error(&ana.open(&form_post().url()).await, seed::AUTOTALK), "unauthorized_client");
}

/// A request by POST, in a browser that sends no cookie with it: the answer comes with the GET, an error at once.
#[tokio::test]
async fn a_posted_request_is_answered_by_a_form_as_well() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let pairs =
        |request: &AuthorizeRequest| -> Vec<(String, String)> { form_urlencoded::parse(request.query().as_bytes()).into_owned().collect() };
    let answer = browser.cross_site_post("/authorize", &pairs(&asked(&app, seed::AUTOTALK))).await.expect(303);
    let page = browser.open(answer.location().as_str()).await;
    assert_eq!(names(&posted(&page, seed::AUTOTALK)), ["code", "state", "iss"]);
    assert!(!page.has("nav"), "no link to another language of this page: {page:?}");
    let doubled = asked(&app, seed::AUTOTALK).also("nonce", "another");
    let answer = browser.cross_site_post("/authorize", &pairs(&doubled)).await.expect(200);
    assert!(answer.text().contains("invalid_request") && answer.header("cache-control") == "no-store", "{answer:?}");
}

/// An expired page starts the same request, and it still wants a form.
#[tokio::test]
async fn an_expired_flow_starts_again_as_it_was() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&asked(&app, seed::AUTOTALK).url()).await.expect("/login", 200);
    app.advance(Duration::from_hours(3));
    let page = page.refresh().await;
    let restart = page.attribute("main a[href^='/authorize?']", "href").unwrap_or_else(|| panic!("no restart: {page:?}"));
    let page = browser.open(&restart).await.expect("/login", 200).sign_in(seed::ANA).await;
    posted(&page, seed::AUTOTALK);
}

/// What an application sends comes back to it letter by letter, and is nothing but a value on the page.
#[tokio::test]
async fn a_hostile_state_is_a_value_and_nothing_else() {
    let app = TestApp::start().await;
    app.change_client(seed::AUTOTALK, |client| client.metadata.client_name = Some(HOSTILE.to_owned())).await;
    let browser = app.browser_of(seed::ANA).await;
    for request in [asked(&app, seed::AUTOTALK), asked(&app, seed::AUTOTALK).with("prompt", "none login")] {
        let page = browser.open(&request.with("state", HOSTILE).url()).await;
        let form = posted(&page, seed::AUTOTALK);
        assert_eq!(value(&form, "state"), HOSTILE);
        assert_eq!((page.count("script"), page.count("form"), page.count("[onfocus]")), (1, 1, 0), "{page:?}");
    }
    // A field would change it (HTML §4.10.21.4): refused, and not sent back changed.
    for state in ["a\nb", "a\rb", "\t", "\u{7f}"] {
        let page = browser.open(&asked(&app, seed::AUTOTALK).with("state", state).url()).await;
        let form = posted(&page, seed::AUTOTALK);
        assert_eq!(names(&form), ["error", "error_description", "iss"], "{state:?}");
        assert_eq!(value(&form, "error"), "invalid_request");
    }
}

/// A browser posts nothing to a native application's own scheme; to its loopback address it does. Other modes stay refused, by redirect.
#[tokio::test]
async fn only_the_web_is_posted_to() {
    let app = TestApp::start().await;
    let native = "com.example.cli:/callback";
    app.change_client(seed::NATIVE, |client| client.metadata.redirect_uris.push(native.to_owned())).await;
    let browser = app.browser_of(seed::ANA).await;
    posted(&browser.open(&asked(&app, seed::NATIVE).url()).await, seed::NATIVE);
    let refused = [
        asked(&app, seed::NATIVE).with("redirect_uri", native),
        app.authorize(seed::AUTOTALK).with("response_mode", "fragment"),
        app.authorize(seed::AUTOTALK).with("response_mode", "form_post.jwt"),
        asked(&app, seed::AUTOTALK).also("response_mode", "query"),
    ];
    for request in refused {
        let page = browser.open(&request.url()).await;
        assert_eq!(page.error(), "invalid_request", "{}", page.url);
        assert!(page.param("code").is_none());
    }
    // Nothing is posted where nothing is registered.
    let page = browser.open(&asked(&app, seed::AUTOTALK).with("redirect_uri", "https://evil.test/").url()).await.expect("/authorize", 400);
    assert!(!page.has("form"), "{page:?}");
}

/// In the languages of the person, or those the application asks for.
#[tokio::test]
async fn the_page_speaks_the_languages() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for (language, heading) in [("pt-BR", "Voltar para AutoTalk"), ("es", "Volver a AutoTalk"), ("en", "Back to AutoTalk")] {
        let page = browser.open(&asked(&app, seed::AUTOTALK).with("ui_locales", language).url()).await;
        assert_eq!((page.language().as_str(), page.h1().as_str()), (language, heading));
    }
}
