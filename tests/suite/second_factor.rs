//! The second factor at sign-in: SECURITY §4.4 SE-6, §4.7; OpenID Connect Core §2 `acr`, `amr`.

use std::time::Duration;

use crate::harness::{Authenticator, TestApp, TokenRequest, claims_of, seed};

const SESSION: &str = "__Host-vestibule-session";

/// SE-6: the right password makes no session; the code does, and the ID token says what happened.
#[tokio::test]
async fn password_and_code_lead_back_to_the_application() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let party = app.relying_party(seed::AUTOTALK).await;
    let browser = app.browser();
    let started = party.start(&["email"]);
    let page = browser.open(started.url.as_str()).await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.assert_text(seed::ANA);
    assert_eq!(page.attribute("#code", "autocomplete").as_deref(), Some("one-time-code"));
    assert!(browser.cookie(SESSION).is_none(), "half a sign-in is no session");
    let page = page.give_code(&phone.code()).await;
    let callback = page.callback().clone();
    let signed_in = party.finish(started, &callback).await;
    let claims = claims_of(&signed_in.id_token());
    assert_eq!((claims["acr"].as_str(), &claims["amr"]), (Some("aal2"), &serde_json::json!(["pwd", "otp", "mfa"])));
    assert!(browser.cookie("__Host-vestibule-pending-sign-in").is_none());
}

/// Who came for a page of My Account is there after the code.
#[tokio::test]
async fn the_page_that_was_wanted_follows_the_code() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/.well-known/change-password").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.give_code(&phone.code()).await.expect("/account/password", 200);
}

/// SE-6, OT-6: nothing but the code page takes a pending sign-in.
#[tokio::test]
async fn a_pending_sign_in_opens_nothing_else() {
    let app = TestApp::start().await;
    app.with_totp(seed::ANA).await;
    let browser = app.browser();
    browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.expect("/login/code", 200);
    let silent = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await;
    assert_eq!(silent.error(), "login_required");
    browser.open(&app.authorize(seed::SPA).url()).await.expect("/login", 200);
    assert!(browser.open("/account").await.path().starts_with("/login"));
    assert!(browser.open("/account/authentication").await.path().starts_with("/login"));
    browser.open("/login/enroll").await.expect("/login/code", 200);
    browser.open("/login/email-code").await.expect("/login/code", 200);
    browser.open("/login/recovery-codes").await.expect("/login", 200);
    assert!(browser.cookie(SESSION).is_none());
}

/// RFC 6238 §5.2: a code is good for once, also in another browser; the next one is good again.
#[tokio::test]
async fn a_used_code_is_refused_and_said_to_be_used() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    app.browser().open("/login").await.sign_in(seed::ANA).await.give_code(&phone.code()).await.expect("/account", 200);
    let other = app.browser();
    let page = other.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.code()).await.expect("/login/code", 422);
    page.assert_text("That code has already been used.");
    page.give_code(&phone.next_code()).await.expect("/account", 200);
}

/// OT-7: codes as people type and paste them.
#[tokio::test]
async fn spaces_dashes_and_other_digits_are_understood() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    for shape in [" 123 456 ", "123-456", "１２３４５６"] {
        let browser = app.browser();
        let page = browser.open("/login").await.sign_in(seed::ANA).await;
        let code = phone.next_code();
        let typed: String = shape
            .chars()
            .map(|c| match "123456".find(c).or_else(|| "１２３４５６".chars().position(|wide| wide == c)) {
                Some(at) if c.is_ascii() => char::from(code.as_bytes()[at]),
                Some(at) => char::from_u32(0xff10 + u32::from(code.as_bytes()[at] - b'0')).unwrap(),
                None => c,
            })
            .collect();
        page.give_code(&typed).await.expect("/account", 200);
    }
}

/// PAGES P2: what is wrong is said, on the same page, without a new password; a clock that is off is recognised and not accepted.
#[tokio::test]
async fn wrong_codes_are_explained() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await;
    let page = page.give_code("").await.expect("/login/code", 422);
    page.assert_text("Enter the 6-digit code");
    assert!(page.has("#code[aria-invalid=true]") && page.title().starts_with("Error: "));
    let page = page.give_code("12345").await.expect("/login/code", 422);
    page.assert_text("The code is 6 digits, for example 123456");
    assert!(!app.audit().await.contains(&"second_factor.failed".to_owned()), "what is no code is no try");
    let page = page.give_code(&phone.code_at(5)).await.expect("/login/code", 422);
    page.assert_text("Set the clock of your phone to automatic");
    let page = page.give_code(&phone.wrong_code()).await.expect("/login/code", 422);
    page.assert_text("That code is not correct.");
    page.give_code(&phone.code()).await.expect("/account", 200);
}

/// PAGES §1.3: refresh, back and a bookmark lose nothing and lead on.
#[tokio::test]
async fn refresh_and_back_never_end_in_a_dead_end() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await;
    let page = page.refresh().await.expect("/login/code", 200);
    let url = page.url.to_string();
    page.give_code(&phone.code()).await.code();
    browser.open(&url).await.code();
    browser.open("/login/code").await.expect("/account", 200);
    app.browser().open("/login/code").await.expect("/login", 200);
}

/// PAGES §1.3: a pending sign-in that took too long says so, and the same request goes on after the password.
#[tokio::test]
async fn a_pending_sign_in_times_out() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await;
    app.advance(Duration::from_mins(16));
    let page = page.give_code(&phone.code()).await.expect("/login", 200);
    page.assert_text("That took too long. Log in again.");
    page.sign_in(seed::ANA).await.give_code(&phone.code()).await.expect("/account", 200);
}

/// SE-5: a pending sign-in dies with the password it was made with.
#[tokio::test]
async fn a_pending_sign_in_dies_with_the_credentials() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    for change in [(|user| user.auth_epoch += 1) as fn(&mut vestibule::store::users::User), |user| user.enabled = false] {
        let browser = app.browser();
        let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
        app.change_user(seed::ANA, change).await;
        page.give_code(&phone.next_code()).await.expect("/login", 200);
        assert!(browser.cookie(SESSION).is_none());
    }
}

/// OT-5: a recovery code signs in once, counts as two factors, and its owner is told.
#[tokio::test]
async fn a_recovery_code_is_good_for_once() {
    let app = TestApp::start().await;
    app.with_totp(seed::ANA).await;
    let code = app.with_recovery_code(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await;
    let page = page.click("Use a recovery code").await.expect("/login/recovery-code", 200);
    let page = page.give_code("not one").await.expect("/login/recovery-code", 422);
    let code_of_app = page.give_code(&code.to_lowercase().replace('-', " ")).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code_of_app)).await.expect(200).json();
    let claims = claims_of(tokens["id_token"].as_str().unwrap());
    assert_eq!((claims["acr"].as_str(), &claims["amr"]), (Some("aal2"), &serde_json::json!(["pwd", "mfa"])));
    assert!(app.mails_to(seed::ANA).await.iter().any(|mail| mail.subject.to_lowercase().contains("recovery code")));
    assert_eq!(app.audit_detail("recovery_code.used").await["left"], 0);
    let page = app.browser();
    let page = page.open("/login").await.sign_in(seed::ANA).await.click("Use a recovery code").await.give_code(code).await;
    page.expect("/login/recovery-code", 422).assert_text("not correct, or it has been used");
}

/// T4: a device may be trusted; there the password alone is enough, counts as one factor, and elsewhere nothing changes.
#[tokio::test]
async fn on_a_trusted_device_the_code_is_not_asked() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await;
    page.assert_text("Do not ask on this device for 30 days");
    page.tamper("trust", "1").give_code(&phone.code()).await.expect("/account", 200);
    assert_eq!(app.audit_detail("device.trusted").await["days"], 30);
    browser.forget_cookie(SESSION);
    let code = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.code();
    let claims = claims_of(app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.json()["id_token"].as_str().unwrap());
    assert_eq!((claims["acr"].as_str(), &claims["amr"]), (Some("aal1"), &serde_json::json!(["pwd"])));
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    // For its person, and for its time.
    browser.forget_cookie(SESSION);
    app.with_totp(seed::BRUNO).await;
    browser.open("/login").await.sign_in(seed::BRUNO).await.expect("/login/code", 200);
    app.advance(Duration::from_hours(31 * 24));
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
}

/// No device is trusted where the setting says so, whatever the form says.
#[tokio::test]
async fn no_device_is_trusted_where_the_policy_forbids_it() {
    let app = TestApp::with(|config| config.mfa.trusted_device_ttl = "0s".parse().unwrap()).await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await;
    assert!(!page.has("#trust"));
    page.tamper("trust", "1").give_code(&phone.code()).await.expect("/account", 200);
    assert!(browser.cookie("__Host-vestibule-trusted-device").is_none());
}

/// A4: codes by e-mail, for those who switched them on: sent at once, bound to the browser, good for once, and one factor to NIST.
#[tokio::test]
async fn a_code_by_mail_is_a_second_factor_of_its_own() {
    let app = TestApp::start().await;
    app.with_email_codes(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.expect("/login/email-code", 200);
    page.assert_text("a•••@example.test");
    let code = app.mail_to(seed::ANA).await.code().expect("the code is the first line of the text");
    page.refresh().await;
    assert_eq!(app.mails_to(seed::ANA).await.len(), 1, "a reload sends nothing");
    let other = app.browser();
    let elsewhere = other.open("/login").await.sign_in(seed::ANA).await;
    elsewhere.give_code(&code).await.expect("/login/email-code", 422);
    let left = page.give_code(&code).await.code();
    let claims = claims_of(app.token(TokenRequest::code(seed::AUTOTALK, &left)).await.json()["id_token"].as_str().unwrap());
    assert_eq!((claims["acr"].as_str(), &claims["amr"]), (Some("aal1"), &serde_json::json!(["pwd", "otp", "mfa"])));
}

/// OT-6, Keycloak CVE-2026-94218: a required second factor is set up on the way, and there is no way around it.
#[tokio::test]
async fn a_required_second_factor_cannot_be_walked_around() {
    let app = TestApp::with(|config| config.mfa.required = true).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
    page.assert_text("Your organisation asks for a second factor.");
    let silent = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await;
    assert_eq!(silent.error(), "login_required");
    browser.open(&app.authorize(seed::SPA).url()).await.expect("/login", 200);
    for path in ["/account", "/account/authentication/disable", "/account/password"] {
        assert!(browser.open(path).await.path().starts_with("/login"), "{path}");
    }
    let secret = page.text_at("#secret-key");
    assert_eq!(page.refresh().await.text_at("#secret-key"), secret, "a reload shows the same secret");
    let phone = Authenticator::scan(&app, &page);
    let page = page.give_code(&phone.wrong_code()).await.expect("/login/enroll", 422);
    assert_eq!(page.text_at("#secret-key"), secret);
    let page = page.give_code(&phone.code()).await.expect("/login/recovery-codes", 200);
    assert_eq!(page.count("#recovery-codes li"), 10);
    let code = page.click("#codes-saved").await.code();
    let claims = claims_of(app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.json()["id_token"].as_str().unwrap());
    assert_eq!(claims["acr"], "aal2");
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
}

/// OT-6, Rauthy v0.32.4: a policy holds for sessions that are older than it, wherever a code is minted.
#[tokio::test]
async fn a_policy_that_came_later_holds_for_the_sessions_there_are() {
    let mut app = TestApp::start().await;
    let cookie = app.browser_of(seed::ANA).await.cookie(SESSION).unwrap();
    app.restart_with(|config| config.mfa.required = true).await;
    let browser = app.browser();
    browser.set_cookie(SESSION, &cookie);
    let silent = browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await;
    assert_eq!(silent.error(), "login_required");
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.expect("/login/enroll", 200);
    let phone = Authenticator::scan(&app, &page);
    page.give_code(&phone.code()).await.click("#codes-saved").await.code();
    browser.open(&app.authorize(seed::SPA).url()).await.code();
}
