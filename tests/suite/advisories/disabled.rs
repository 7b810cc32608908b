//! What was switched off is off on every path.

use crate::harness::{Credentials, TestApp, TokenRequest, seed};

struct Held {
    code: String,
    access: String,
    refresh: String,
}

/// A person's code and tokens, all good a moment ago.
async fn held(app: &TestApp) -> Held {
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    Held { code, access: text("access_token"), refresh: text("refresh_token") }
}

async fn assert_dead(app: &TestApp, held: &Held) {
    assert!(!app.is_alive(&held.access).await);
    assert_eq!(app.introspect(Credentials::of(seed::API), &held.access).await.json()["active"], false);
    app.token(TokenRequest::code(seed::AUTOTALK, &held.code)).await.expect_error(400, "invalid_grant");
    app.token(TokenRequest::refresh(seed::AUTOTALK, &held.refresh)).await.expect_error(400, "invalid_grant");
}

/// Keycloak (and the fix that forgot one leg), authentik: a person who was locked or disabled went on by a way that had begun before.
#[tokio::test]
async fn cve_2026_9798_2026_16103_2025_64521_2025_53942_a_disabled_person_is_out_everywhere() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let held = held(&app).await;
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    assert_dead(&app, &held).await;
    browser.open("/account").await.expect("/login", 200);
    assert_eq!(browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await.error(), "login_required");
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/login", 422);
}

/// ZITADEL: a client that had been switched off went on.
#[tokio::test]
async fn cve_2024_47060_2024_47000_2024_46999_a_disabled_client_is_out_everywhere() {
    let app = TestApp::start().await;
    let held = held(&app).await;
    app.change_client(seed::AUTOTALK, |client| client.enabled = false).await;
    for request in [TokenRequest::code(seed::AUTOTALK, &held.code), TokenRequest::refresh(seed::AUTOTALK, &held.refresh)] {
        app.token(request).await.expect_error(401, "invalid_client");
    }
    assert!(!app.is_alive(&held.access).await);
    let answer = app.browser_of(seed::ANA).await.get(&app.authorize(seed::AUTOTALK).url()).await.expect(400);
    assert!(!answer.has("location"));
}

/// Keycloak: "everything before this moment is void" did not hold everywhere.
#[tokio::test]
async fn cve_2026_8922_a_changed_password_ends_what_was_before() {
    let app = TestApp::start().await;
    let held = held(&app).await;
    let browser = app.browser_of(seed::ANA).await;
    let new = "seven green bicycles in the rain";
    let page = browser.open("/account/password").await.fill("New password", new).fill("Confirm new password", new);
    page.tamper("log_out_others", "1").click("Save").await;
    assert_dead(&app, &held).await;
}

/// authentik: what had expired was good until somebody swept it up.
#[tokio::test]
async fn cve_2025_64708_what_has_expired_is_dead_before_it_is_swept_up() {
    let app = TestApp::start().await;
    let held = held(&app).await;
    let browser = app.browser_of(seed::ANA).await;
    browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let link = app.mail("password_reset", seed::ANA).await.path("link");
    let before = app.snapshot().await;
    app.seconds_pass(91 * 86_400);
    assert_eq!(before.changed(&app.snapshot().await), [""; 0], "nothing was swept up");
    assert_dead(&app, &held).await;
    browser.open("/account").await.expect("/login", 200);
    assert_eq!(app.browser().open(&link).await.status(), 410);
}

/// Rauthy 0.32.4 is without a number; Keycloak: consent that was withdrawn, or never asked for, was not asked for.
#[tokio::test]
async fn cve_2026_79652_nothing_is_given_without_consent() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let narrow = app.authorize(seed::TICKETING).with("scope", "openid").url();
    let page = browser.open(&narrow).await.expect("/consent", 200).tamper("scope", "openid email profile phone");
    let code = page.click("#consent-allow").await.code();
    let json = app.token(TokenRequest::code(seed::TICKETING, &code)).await.expect(200).json();
    assert_eq!(json["scope"], "openid");
    browser.open(&app.authorize(seed::TICKETING).with("scope", "openid email").url()).await.expect("/consent", 200);
    let silent = app.authorize(seed::TICKETING).with("scope", "openid email").with("prompt", "none");
    assert_eq!(browser.open(&silent.url()).await.error(), "consent_required");
}
