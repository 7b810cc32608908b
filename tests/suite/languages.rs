//! Languages: PAGES §0.11, §7.54.

use crate::harness::{TestApp, seed};

/// RFC 9110 §12.5.4: quality values decide; what we do not speak falls back to the default.
#[tokio::test]
async fn the_browsers_language_is_spoken() {
    let app = TestApp::start().await;
    for (asked, spoken) in [
        ("es;q=0.2, pt;q=0.9", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("es-AR, en;q=0.5", "es"),
        ("fr, de;q=0.9", "en"),
        ("", "en"),
        ("*", "en"),
        (";;;=,,q=", "en"),
    ] {
        let browser = app.browser().speaks(asked);
        let page = browser.open("/login").await;
        assert_eq!((page.language().as_str(), page.answer.header("content-language")), (spoken, spoken), "{asked}");
    }
}

/// A person's choice outweighs the browser and the application, and lasts.
#[tokio::test]
async fn a_picked_language_stays() {
    let app = TestApp::start().await;
    let browser = app.browser().speaks("en");
    assert_eq!(browser.open("/login?lang=es").await.language(), "es");
    assert_eq!(browser.open("/").await.language(), "es");
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("ui_locales", "pt-BR").url()).await;
    assert_eq!(page.language(), "es");
}

/// Switching the language in the middle keeps the request.
#[tokio::test]
async fn switching_the_language_keeps_the_request() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("state", "kept").url()).await;
    let link = page.attribute("a[hreflang='pt-BR']", "href").expect("a link to the other languages");
    let page = browser.open(page.url.join(&link).unwrap().as_str()).await.expect("/login", 200);
    assert_eq!(page.language(), "pt-BR");
    let page = page.tamper("email", seed::ANA).tamper("password", seed::PASSWORD).click("#login-submit").await;
    assert_eq!(page.param("state").as_deref(), Some("kept"));
}

/// Every page has every text in every language: nothing falls back to a message id.
#[tokio::test]
async fn errors_are_translated_too() {
    let app = TestApp::start().await;
    let mut seen = Vec::new();
    for language in ["en", "pt-BR", "es"] {
        let browser = app.browser().speaks(language);
        let page = browser.open("/nothing").await;
        assert_eq!(page.language(), language);
        assert!(!page.text().contains("error-"), "{}", page.text());
        seen.push(page.h1());
    }
    seen.dedup();
    assert_eq!(seen.len(), 3, "{seen:?}");
}
