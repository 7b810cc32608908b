//! My Account > Authentication: the products' help pages T3 to T7 and A1 to A4; SECURITY SE-5, OT-4.

use std::time::Duration;

use crate::harness::{Authenticator, Browser, TestApp, seed};

const TAB: &str = "/account/authentication";

/// Enables two-factor authentication as the help page says. The phone.
async fn enable<'a>(app: &'a TestApp, browser: &Browser<'_>) -> Authenticator<'a> {
    let page = browser.open(TAB).await.click("Enable two-factor authentication").await.expect("/account/authentication/totp", 200);
    let phone = Authenticator::scan(app, &page);
    let page = page.fill("Verification code", &phone.code()).click("Verify and enable").await;
    let page = page.expect("/account/authentication/recovery-codes", 200);
    assert_eq!(page.count("#recovery-codes li"), 10);
    page.click("I have saved them").await.expect(TAB, 200).assert_text("Two-factor authentication is on.");
    phone
}

/// T3, T4: under the labels of the help page; from then on a code is asked, other sessions are over, and a mail says so.
#[tokio::test]
async fn enabling_two_factor_authentication() {
    let app = TestApp::start().await;
    let (browser, other) = (app.browser_of(seed::ANA).await, app.browser_of(seed::ANA).await);
    let page = browser.open(TAB).await;
    page.assert_text("One-Time Password Options");
    let page = page.click("Enable two-factor authentication").await;
    for text in ["Google Authenticator", "Microsoft Authenticator", "Authy", "1Password", "Secret key", seed::ANA] {
        page.assert_text(text);
    }
    let link = page.attribute("#otpauth", "href").unwrap();
    assert!(link.starts_with("otpauth://totp/Vestibule:ana@example.test?secret="), "{link}");
    assert!(page.has("svg.qr[role=img] path"));
    let phone = enable(&app, &browser).await;
    assert!(other.open("/account").await.path().starts_with("/login"), "other sessions are over");
    browser.open("/account").await.expect("/account", 200);
    assert!(app.mails_to(seed::ANA).await.iter().any(|mail| mail.subject.to_lowercase().contains("two-factor")));
    let page = other.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.give_code(&phone.next_code()).await.expect("/account", 200);
}

/// PAGES P10: the pending secret survives a reload, a wrong code and a second tab; another session gets another one.
#[tokio::test]
async fn the_secret_stays_until_it_is_verified() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open("/account/authentication/totp").await;
    let secret = page.text_at("#secret-key");
    let phone = Authenticator::scan(&app, &page);
    let page = page.give_code(&phone.wrong_code()).await.expect("/account/authentication/totp", 422);
    assert_eq!(page.text_at("#secret-key"), secret);
    assert_eq!(page.refresh().await.text_at("#secret-key"), secret);
    let elsewhere = app.browser_of(seed::ANA).await;
    assert_ne!(elsewhere.open("/account/authentication/totp").await.text_at("#secret-key"), secret);
}

/// T6: disabling; from then on e-mail and password are enough, and a mail says so.
#[tokio::test]
async fn disabling_two_factor_authentication() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let phone = enable(&app, &browser).await;
    let other = app.browser();
    other.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.next_code()).await.expect("/account", 200);
    let page = browser.open(TAB).await.click("Disable two-factor authentication").await.expect("/account/authentication/disable", 200);
    page.click("#disable-submit").await.expect(TAB, 200).assert_text("Two-factor authentication is off.");
    assert!(other.open("/account").await.path().starts_with("/login"));
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
    assert!(app.audit().await.contains(&"totp.disabled".to_owned()));
    let about = app.mails_to(seed::ANA).await.into_iter().filter(|mail| mail.subject.to_lowercase().contains("two-factor"));
    assert_eq!(about.count(), 2, "enabled, disabled");
}

/// OT-4: a fresh password is not enough to change a second factor: on a trusted device the code is asked first.
#[tokio::test]
async fn changing_it_takes_the_second_factor_too() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.tamper("trust", "1").give_code(&phone.code()).await;
    browser.forget_cookie("__Host-vestibule-session");
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
    for path in ["disable", "totp", "recovery-codes"] {
        browser.open(&format!("{TAB}/{path}")).await.expect("/account/authentication/code", 200);
    }
    // Nor for what takes the account away, or copies it.
    for path in ["email", "delete", "data", "password"] {
        browser.open(&format!("/account/{path}")).await.expect("/account/authentication/code", 200);
        let token = browser.open(TAB).await.form_of("#email-codes-save").1.into_iter().filter(|(name, _)| name == "csrf_token");
        let form: Vec<_> = token.chain([("email".to_owned(), "thief@example.net".to_owned())]).collect();
        browser.submit(&format!("/account/{path}"), &form).await.expect("/account/authentication/code", 200);
    }
    assert_eq!(app.mail_count("confirm_email").await, 0);
    assert!(app.user(seed::ANA).await.enabled);
    let page = browser.open(&format!("{TAB}/disable")).await.give_code(&phone.wrong_code()).await;
    let page = page.expect("/account/authentication/code", 422).give_code(&phone.next_code()).await;
    page.expect("/account/authentication/disable", 200);
    app.advance(Duration::from_mins(6));
    browser.open(&format!("{TAB}/disable")).await.expect("/account/confirm", 200);
}

/// OT-4: where codes by mail are allowed beside the app, whoever reads the mail signs in with them and changes nothing of the app.
#[tokio::test]
async fn a_code_by_mail_does_not_change_the_app() {
    let app = TestApp::with(|config| config.mfa.email_code = vestibule::config::EmailCodes::On).await;
    app.with_email_codes(seed::ANA).await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.click("Email me a code").await;
    page.give_code(&app.mail_to(seed::ANA).await.code().unwrap()).await.expect("/account", 200);
    for path in ["disable", "totp", "recovery-codes"] {
        browser.open(&format!("{TAB}/{path}")).await.expect("/account/authentication/code", 200);
    }
    let page = browser.open(&format!("{TAB}/disable")).await.give_code(&phone.code()).await;
    page.expect("/account/authentication/disable", 200);
}

/// T6: refused, with the reason, where the policy requires a second factor.
#[tokio::test]
async fn a_required_second_factor_cannot_be_disabled() {
    let app = TestApp::with(|config| config.mfa.required = true).await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.code()).await.expect("/account", 200);
    let page = browser.open(&format!("{TAB}/disable")).await.expect("/account/authentication/disable", 200);
    page.assert_text("cannot be turned off");
    assert!(!page.has("#disable-submit"));
}

/// T7, A2: another secret; the old app works until a code of the new one was given, and not after.
#[tokio::test]
async fn a_new_qr_code_leaves_the_old_app_working_until_it_is_verified() {
    let app = TestApp::start().await;
    let old = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.give_code(&old.code()).await.expect("/account", 200);
    let page = browser.open(TAB).await.click("Request New QR code").await.expect("/account/authentication/totp", 200);
    let new = Authenticator::scan(&app, &page);
    assert_ne!(new.secret.base32(), old.secret.base32());
    let sign_in = async |phone: &Authenticator<'_>, expected: (&str, u16)| {
        let other = app.browser();
        let page = other.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.next_code()).await;
        page.expect(expected.0, expected.1);
    };
    sign_in(&old, ("/account", 200)).await;
    sign_in(&new, ("/login/code", 422)).await;
    page.give_code(&new.code()).await.expect(TAB, 200).assert_text("Your new app is in use.");
    sign_in(&old, ("/login/code", 422)).await;
    sign_in(&new, ("/account", 200)).await;
    assert!(app.audit().await.contains(&"totp.replaced".to_owned()));
}

/// A4: "Receive one-time password via email", on and off.
#[tokio::test]
async fn codes_by_mail_are_switched_on_and_off() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(TAB).await;
    page.assert_text("Receive one-time password via email");
    let page = page.tamper("email_codes", "1").click("#email-codes-save").await.expect(TAB, 200);
    page.assert_text("You can receive one-time passwords by email.");
    assert!(page.has("#email-codes[checked]"));
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/login/email-code", 200);
    let (action, mut form) = browser.open(TAB).await.form_of("#email-codes-save");
    form.retain(|(name, _)| name != "email_codes");
    // It is their only second factor: it is asked for before it is switched off.
    let page = browser.submit(&action, &form).await.expect("/account/confirm", 200);
    let page = page.fill("Password", seed::PASSWORD).click("#confirm-submit").await.expect("/login/email-code", 200);
    let code = app.mail("one_time_code", seed::ANA).await.text("code");
    page.give_code(&code).await.expect(TAB, 200);
    browser.submit(&action, &form).await.expect(TAB, 200).assert_text("We do not send you one-time passwords by email any more.");
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "email_codes.changed").count(), 2, "on and off");
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
}

/// OT-5: recovery codes are shown until they are saved, as text too, then counted; a new set replaces the old.
#[tokio::test]
async fn recovery_codes_are_shown_counted_and_made_anew() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open("/account/authentication/totp").await;
    let phone = Authenticator::scan(&app, &page);
    let page = page.give_code(&phone.code()).await.refresh().await;
    let first = page.text_at("#recovery-codes li").unwrap();
    let text = browser.get("/account/authentication/recovery-codes.txt").await.expect(200).text();
    assert!(text.contains(&first) && text.contains(seed::ANA), "{text}");
    page.click("#codes-saved").await.expect(TAB, 200).assert_text("Recovery codes: 10 of 10 left");
    browser.get("/account/authentication/recovery-codes.txt").await.expect(303);
    let other = app.browser();
    let page = other.open("/login").await.sign_in(seed::ANA).await.click("Use a recovery code").await;
    page.give_code(&first).await.expect("/account", 200);
    let page = browser.open("/account/authentication/recovery-codes").await;
    page.assert_text("Recovery codes: 9 of 10 left");
    let page = page.click("#codes-anew").await.expect("/account/authentication/recovery-codes", 200);
    assert_eq!(page.count("#recovery-codes li"), 10);
    assert!(!page.has_text(&first));
}

/// T4: trusted devices are listed, and forgotten.
#[tokio::test]
async fn trusted_devices_are_forgotten() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.tamper("trust", "1").give_code(&phone.code()).await;
    let page = browser.open(TAB).await;
    page.assert_text("This device");
    page.click("Forget").await.expect(TAB, 200).assert_text("You will be asked for a code there again.");
    assert_eq!(app.audit_detail("device.forgotten").await["devices"], 1);
    browser.forget_cookie("__Host-vestibule-session");
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
}

/// Whose second factor is a code by mail gives the password and a new code before what matters; a trusted device saves neither.
#[tokio::test]
async fn codes_by_mail_are_asked_for_before_changes() {
    let app = TestApp::start().await;
    app.with_email_codes(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/email-code", 200);
    page.give_code(&app.mail("one_time_code", seed::ANA).await.text("code")).await.expect("/account", 200);
    browser.open("/account/delete").await.expect("/account/delete", 200);
    app.advance(Duration::from_mins(6));
    let before = app.mail_count("one_time_code").await;
    let page = browser.open("/account/delete").await.expect("/account/confirm", 200);
    page.assert_text("We will then email you a code.");
    let page = page.fill("Password", seed::PASSWORD).click("Confirm").await.expect("/login/email-code", 200);
    assert_eq!(app.mail_count("one_time_code").await, before + 1);
    browser.open("/account/delete").await.expect("/account/confirm", 200);
    let code = app.mail("one_time_code", seed::ANA).await.text("code");
    page.give_code(&code).await.expect("/account/delete", 200);
}

/// New recovery codes are read where they were made, and in no other session of the person's, however fresh.
#[tokio::test]
async fn new_recovery_codes_are_shown_to_nobody_else_who_is_signed_in() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open("/account/authentication/totp").await;
    let phone = Authenticator::scan(&app, &page);
    let page = page.fill("Verification code", &phone.code()).click("Verify and enable").await;
    assert_eq!(page.expect(&format!("{TAB}/recovery-codes"), 200).count("#recovery-codes li"), 10);
    let other = app.browser();
    other.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.next_code()).await.expect("/account", 200);
    assert_eq!(
        other.open(&format!("{TAB}/recovery-codes")).await.expect(&format!("{TAB}/recovery-codes"), 200).count("#recovery-codes li"),
        0
    );
    other.open("/login/recovery-codes").await.expect("/account", 200);
    other.open(&format!("{TAB}/recovery-codes.txt")).await.expect(&format!("{TAB}/recovery-codes"), 200);
    // Nor can it take them away from whoever is writing them down.
    let (_, form) = other.open(TAB).await.form_of("#email-codes-save");
    let token: Vec<_> = form.into_iter().filter(|(name, _)| name == "csrf_token").collect();
    other.submit("/login/recovery-codes", &token).await;
    assert_eq!(browser.open(&format!("{TAB}/recovery-codes")).await.count("#recovery-codes li"), 10);
}
