//! Flow state and its binding to a browser.

use vestibule::config::RegistrationMode;

use crate::device;
use crate::harness::{Authenticator, Browser, Page, TestApp, TokenRequest, encode, seed};
use crate::organizations::{join, organization};

const SESSION: &str = "__Host-vestibule-session";
const NEW: &str = "seven green bicycles in the rain";

fn field(page: &Page<'_>, button: &str, name: &str) -> String {
    page.form_of(button).1.into_iter().find(|(field, _)| field == name).unwrap().1
}

/// A form's fields without what was typed, for posting somewhere else.
fn only_token(page: &Page<'_>, button: &str) -> Vec<(String, String)> {
    page.form_of(button).1.into_iter().filter(|(name, _)| name == "csrf_token" || name == "i").collect()
}

async fn half_signed_in<'a>(app: &'a TestApp, browser: &'a Browser<'a>) -> (Authenticator<'a>, Page<'a>) {
    let phone = app.with_totp(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.expect("/login/code", 200);
    (phone, page)
}

/// Keycloak: the page for the new password was reached without the mail.
#[tokio::test]
async fn cve_2026_18963_no_new_password_without_the_mail() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let mut form = only_token(&page, "Continue");
    form.extend(
        [("new_password", NEW), ("new_password_confirmation", NEW), ("email", seed::ANA)].map(|(n, v)| (n.to_owned(), v.to_owned())),
    );
    let before = app.user(seed::ANA).await.password_hash;
    for path in ["/password/reset/finish", "/password/reset/sent", "/password/reset/finish?token=x", "/password/reset/again"] {
        browser.post(path, &form).await;
    }
    assert_eq!(app.user(seed::ANA).await.password_hash, before);
}

/// Keycloak: starting the sign-in again dropped the second factor that had to be set up.
#[tokio::test]
async fn cve_2026_94218_starting_again_does_not_drop_the_enrolment() {
    let app = TestApp::start().await;
    organization(&app, "acme", r#"{"second_factor":"required"}"#).await;
    join(&app, "acme", seed::ANA, false).await;
    let browser = app.browser();
    let request = app.authorize(seed::AUTOTALK).url();
    browser.open(&request).await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
    for url in ["/login", "/authorize/resume", "/login/recovery-codes", &request, "/account"] {
        let page = browser.open(url).await;
        assert!(!page.has_left() && browser.cookie(SESSION).is_none(), "{url}: {page:?}");
    }
    browser.open(&request).await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
}

/// Keycloak: whoever had the flow's handle could go on with it in another browser.
#[tokio::test]
async fn cve_2026_7507_a_flow_is_worthless_in_another_browser() {
    let app = TestApp::start().await;
    let (mine, theirs) = (app.browser(), app.browser_of(seed::BRUNO).await);
    let page = mine.open(&app.authorize(seed::AUTOTALK).url()).await;
    let flow = field(&page, "#login-submit", "i");
    for path in ["/login", "/authorize/resume", "/consent", "/choose-account"] {
        let page = theirs.open(&format!("{path}?{}", encode(&[("i", &flow)]))).await;
        assert!(!page.has_left(), "{path}: {page:?}");
    }
}

/// Keycloak: data about the client in a URL of the flow was believed, and the implicit grant came back.
#[tokio::test]
async fn cve_2026_7571_no_parameter_changes_a_request_under_way() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await;
    let flow = field(&page, "#login-submit", "i");
    let url = format!(
        "/login?{}",
        encode(&[("i", &flow), ("response_type", "token"), ("redirect_uri", "https://evil.test/"), ("client_id", "spa")])
    );
    let page = browser.open(&url).await.sign_in(seed::ANA).await;
    assert!(page.callback().as_str().starts_with("https://autotalk.test/callback?") && page.param("access_token").is_none());
    for kind in ["token", "id_token", "id_token token", "code token", "none"] {
        let page = browser.open(&app.authorize(seed::AUTOTALK).with("response_type", kind).url()).await;
        assert_eq!(page.error(), "unsupported_response_type", "{kind}");
    }
}

/// authentik: an empty form went through a step of the sign-in, or a step was passed without what it asked for.
#[tokio::test]
async fn cve_2026_49443_2026_49448_2026_54730_an_empty_form_passes_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let (_, page) = half_signed_in(&app, &browser).await;
    let empty = only_token(&page, "#code-submit");
    for path in ["/login/code", "/login/recovery-code", "/login/email-code", "/login/enroll", "/login/recovery-codes", "/login"] {
        let page = browser.submit(path, &empty).await;
        assert!(!page.has_left() && browser.cookie(SESSION).is_none(), "{path}: {page:?}");
    }
    let blank = [("code".to_owned(), String::new()), ("password".to_owned(), String::new())];
    let form: Vec<_> = empty.iter().cloned().chain(blank).collect();
    assert!(!browser.submit("/login/code", &form).await.has_left() && browser.cookie(SESSION).is_none());
}

/// ZITADEL: a session was taken for a whole one after its first factor. Ory Kratos: the level of assurance was not looked at. Casdoor: the second factor
/// could be left out.
#[tokio::test]
async fn cve_2025_64103_2024_45042_2026_9091_one_factor_is_not_two() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let (phone, page) = half_signed_in(&app, &browser).await;
    let silent = browser.open(&app.authorize(seed::SPA).with("prompt", "none").url()).await;
    assert_eq!(silent.error(), "login_required");
    for path in ["/account", "/account/authentication", "/account/password", "/account/data"] {
        assert!(browser.open(path).await.path().starts_with("/login"), "{path}");
    }
    assert_eq!(app.snapshot().await.rows("sessions"), 0);
    page.give_code(&phone.code()).await.code();
}

/// Keycloak: parameters of the request lay readable in a cookie.
#[tokio::test]
async fn cve_2024_4540_no_cookie_tells_of_the_request() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let request = app.authorize(seed::AUTOTALK).with("login_hint", "somebody@example.test").with("state", "the-state-of-it");
    browser.open(&request.url()).await.sign_in(seed::ANA).await;
    for name in browser.cookie_names() {
        let value = browser.cookie(&name).unwrap();
        for word in ["autotalk", "somebody", "the-state-of-it", "callback", "openid", "ana@"] {
            assert!(!value.contains(word), "{name}={value}");
        }
    }
}

/// Keycloak, ZITADEL: the session's identifier from before the sign-in was kept.
#[tokio::test]
async fn cve_2024_7341_2024_28197_a_session_planted_before_is_not_taken_over() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let planted = "A".repeat(43);
    browser.set_cookie(SESSION, &planted);
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
    assert_ne!(browser.cookie(SESSION).unwrap(), planted);
    let attacker = app.browser();
    attacker.set_cookie(SESSION, &planted);
    attacker.open("/account").await.expect("/login", 200);
    // The identifier changes with each proof too.
    let before = browser.cookie(SESSION).unwrap();
    app.seconds_pass(301);
    browser.open("/account/password").await.fill("Password", seed::PASSWORD).click("Confirm").await;
    assert_ne!(browser.cookie(SESSION).unwrap(), before);
}

/// Keycloak: the identifier of a session that had been logged out was used again.
#[tokio::test]
async fn cve_2025_12390_a_session_that_was_logged_out_stays_out() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let old = browser.cookie(SESSION).unwrap();
    browser.open("/account").await.click("Log out").await;
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
    assert_ne!(browser.cookie(SESSION).unwrap(), old);
    let thief = app.browser();
    thief.set_cookie(SESSION, &old);
    thief.open("/account").await.expect("/login", 200);
}

/// Keycloak: giving up the repeated sign-in let somebody else in as the one who was there.
#[tokio::test]
async fn cve_2023_6787_giving_up_a_repeated_sign_in_gives_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(5);
    let request = app.authorize(seed::AUTOTALK).with("prompt", "login").url();
    let page = browser.open(&request).await.expect("/login", 200);
    let flow = field(&page, "#login-submit", "i");
    let page = browser.open(&format!("/authorize/resume?{}", encode(&[("i", &flow)]))).await;
    page.expect("/login", 200);
    // Another person signs in there: the code is theirs, and Ana's session is not.
    let code = browser.open(&request).await.sign_in(seed::BRUNO).await.code();
    let json = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let claims = crate::harness::claims_of(json["id_token"].as_str().unwrap());
    assert_eq!(claims["sub"], app.user(seed::BRUNO).await.id.to_string());
}

/// Keycloak: what one feature had stored for single use was taken by another as an authorization code.
#[tokio::test]
async fn cve_2026_4282_secrets_of_one_kind_are_nothing_of_another() {
    let app = TestApp::with(|config| config.registration.mode = RegistrationMode::Open).await;
    let browser = app.browser_of(seed::ANA).await;
    let session = browser.cookie(SESSION).unwrap();
    browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let link = app.mail("password_reset", seed::ANA).await.path("link");
    let reset = url::Url::parse("https://x.test").unwrap().join(&link).unwrap().query_pairs().next().unwrap().1.into_owned();
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let code = app.code(seed::AUTOTALK, "openid").await;
    for other in [&session, &reset, refresh, tokens["id_token"].as_str().unwrap()] {
        app.token(TokenRequest::code(seed::AUTOTALK, other)).await.expect_error(400, "invalid_grant");
    }
    for other in [&session, &reset, &code] {
        app.token(TokenRequest::refresh(seed::AUTOTALK, other)).await.expect_error(400, "invalid_grant");
        assert!(!app.is_alive(other).await);
    }
    let stranger = app.browser();
    for other in [&session, &code, refresh] {
        for path in ["/password/reset/finish", "/sign-up/finish", "/invitation", "/email/confirm", "/not-me"] {
            let page = stranger.open(&format!("{path}?{}", encode(&[("token", other)]))).await;
            assert_eq!(page.status(), 410, "{path}: {page:?}");
        }
    }
    for path in ["/sign-up/finish", "/invitation", "/email/confirm", "/not-me"] {
        assert_eq!(stranger.open(&format!("{path}?{}", encode(&[("token", &reset)]))).await.status(), 410, "{path}");
    }
}

/// authentik: with the code of a device nobody asked whether this person may use the application. Here it is the same sign-in as for any request, with every
/// rule of the person, of their organisation and of the client.
#[tokio::test]
async fn cve_2024_38371_a_device_code_leads_past_no_rule() {
    let app = TestApp::start().await;
    device::clients(&app).await;
    let code = device::begin(&app, device::TV, "openid").await.user_code;
    let browser = app.browser_of(seed::ANA).await;
    organization(&app, "acme", r#"{"second_factor":"required"}"#).await;
    join(&app, "acme", seed::ANA, false).await;
    let page = device::enter(&browser, &code).await;
    assert!(page.path().starts_with("/login") && !page.has("#device-allow"), "{page:?}");
    device::enter(&app.browser(), &code).await.sign_in(seed::CARLA).await.expect("/login", 422);
    app.change_client(device::TV, |client| client.metadata.grant_types.clear()).await;
    device::enter(&app.browser_of(seed::BRUNO).await, &code).await.expect("/device", 422);
}
