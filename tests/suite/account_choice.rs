//! `prompt=select_account` and people with several accounts: OpenID Connect Core §3.1.2.1, PAGES §1.3.

use crate::harness::{TestApp, TokenRequest, claims_of, seed};

async fn subject(app: &TestApp, code: &str) -> String {
    let json = app.token(TokenRequest::code(seed::AUTOTALK, code)).await.expect(200).json();
    claims_of(json["id_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned()
}

/// OpenID Connect Core §3.1.2.1.
#[tokio::test]
async fn select_account_lists_who_is_signed_in_and_offers_another() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "select_account").url()).await.expect("/choose-account", 200);
    page.assert_text(seed::ANA);
    page.assert_text("AutoTalk");
    assert!(page.offers("Use another account"), "{}", page.text());
}

/// Choosing the account that is signed in needs nothing more.
#[tokio::test]
async fn choosing_the_live_account_goes_on() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "select_account").url()).await;
    let page = page.click("button[name=account]").await;
    let ana = app.user(seed::ANA).await.id.to_string();
    assert_eq!(subject(&app, &page.code()).await, ana);
}

/// Another account means another sign-in, and the application gets that person.
#[tokio::test]
async fn another_account_signs_in_as_somebody_else() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "select_account").url()).await;
    let page = page.click("Use another account").await.expect("/login", 200);
    assert_eq!(page.value("Email"), "");
    let page = page.sign_in(seed::BRUNO).await;
    let bruno = app.user(seed::BRUNO).await.id.to_string();
    assert_eq!(subject(&app, &page.code()).await, bruno);
}

/// OpenID Connect Core §3.1.2.6.
#[tokio::test]
async fn select_account_with_nobody_there_is_a_sign_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "select_account").url()).await;
    page.expect("/login", 200).sign_in(seed::ANA).await.code();
}

/// The sign-in that was asked for again names the person and offers to switch.
#[tokio::test]
async fn prompt_login_offers_another_account() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(2);
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "login").url()).await.expect("/login", 200);
    let link = page.attribute("a[href*='/login'], a[href*='/authorize/resume'], a[href*='another']", "href");
    assert!(link.is_some(), "a way to another account: {page:?}");
}
