//! From the code on a screen to tokens: RFC 8628 §3.3, OpenID Connect Core §2.

use super::{PRINTER, TV, allow, begin, enter, poll, request, start, tokens};
use crate::harness::{TestApp, TokenRequest, claims_of, seed};
use crate::organizations::{join, organization};

/// A person who is not signed in types the code, gives both factors, compares, allows; the tokens say what happened.
#[tokio::test]
async fn code_password_second_factor_question_tokens() {
    let app = start().await;
    let phone = app.with_totp(seed::ANA).await;
    let asked = begin(&app, TV, "openid email offline_access").await;
    let browser = app.browser();
    let typed = asked.user_code.replace('-', " ").to_lowercase();
    let page = enter(&browser, &typed).await.expect("/login", 200);
    page.assert_text("Television");
    let page = page.sign_in(seed::ANA).await.expect("/login/code", 200).give_code(&phone.code()).await.expect("/device/confirm", 200);
    for text in ["Television", &asked.user_code, seed::ANA, "somebody sent you"] {
        page.assert_text(text);
    }
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
    page.click("#device-allow").await.expect("/device/done", 200).assert_text("go back to your device");
    let tokens = poll(&app, TV, &asked).await.expect(200).json();
    let claims = claims_of(tokens["id_token"].as_str().unwrap());
    assert_eq!((claims["acr"].as_str(), &claims["amr"]), (Some("aal2"), &serde_json::json!(["pwd", "otp", "mfa"])));
    assert!(claims["aud"] == TV || claims["aud"] == serde_json::json!([TV]), "{claims}");
    assert_eq!(claims["sub"], app.user(seed::ANA).await.id.to_string());
    assert!(claims["auth_time"].is_i64() && claims["sid"].is_string() && claims.get("nonce").is_none());
    assert_eq!(tokens["scope"], "email offline_access openid");
    let refresh = request(TV).with("grant_type", "refresh_token").with("refresh_token", tokens["refresh_token"].as_str().unwrap());
    let fresh = app.token(refresh).await.expect(200).json();
    assert!(app.is_alive(fresh["access_token"].as_str().unwrap()).await);
    let kinds = app.audit().await;
    for kind in ["device_authorization.requested", "device_authorization.approved", "grant.created"] {
        assert_eq!(kinds.iter().filter(|found| *found == kind).count(), 1, "{kind}: {kinds:?}");
    }
}

/// The rules of the code grant: an ID token when it is asked for, a refresh token when the client may have one, the session's end unless offline.
#[tokio::test]
async fn tokens_follow_the_same_rules_as_anywhere() {
    let app = start().await;
    let (_, without) = tokens(&app, TV, "email").await;
    assert!(without.get("id_token").is_none() && without["refresh_token"].is_string());
    app.change_client(TV, |client| client.metadata.grant_types.truncate(1)).await;
    let asked = begin(&app, TV, "openid offline_access").await;
    let browser = app.browser_of(seed::ANA).await;
    enter(&browser, &asked.user_code).await.click("#device-allow").await.expect("/device/done", 200);
    let tokens = poll(&app, TV, &asked).await.expect(200).json();
    assert!(tokens.get("refresh_token").is_none());
    assert_eq!(tokens["scope"], "openid");
    browser.open("/logout").await.click("Log out").await;
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await, "the session it came from is over");
}

/// RFC 8628 §5.4: a link with the code fills in a form, and does nothing; nor does looking at the question.
#[tokio::test]
async fn a_link_with_the_code_allows_nothing() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    let link = asked.json["verification_uri_complete"].as_str().unwrap().strip_prefix("https://idp.test").unwrap().to_owned();
    let browser = app.browser_of(seed::ANA).await;
    let before = app.snapshot().await;
    let page = browser.open(&link).await.expect("/device", 200);
    assert_eq!(page.value("Code"), asked.user_code);
    assert_eq!(before.changed(&app.snapshot().await), [""; 0]);
    let page = page.click("Continue").await.expect("/device/confirm", 200);
    let (action, form) = page.form_of("#device-allow");
    assert!(action.ends_with("/device/confirm"), "{action}");
    let before = app.snapshot().await;
    for _ in 0..2 {
        page.refresh().await.expect("/device/confirm", 200);
    }
    assert_eq!(before.changed(&app.snapshot().await), [""; 0]);
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
    let flow = form.iter().find(|(name, _)| name == "i").unwrap().1.clone();
    browser.open(&format!("/device/done?i={flow}")).await.expect("/device/confirm", 200);
    browser.open(&format!("/authorize/resume?i={flow}")).await.expect("/device/confirm", 200);
    let stranger = app.browser_of(seed::BRUNO).await;
    for path in ["/device/confirm", "/device/done", "/authorize/resume"] {
        stranger.open(&format!("{path}?i={flow}")).await.expect(path, 400);
    }
}

/// Everybody is asked, of every application, each time; of others' the answer is a consent like any, which My Account takes back.
#[tokio::test]
async fn an_applications_consent_is_remembered_and_can_be_withdrawn() {
    let app = start().await;
    let (_, tokens) = tokens(&app, PRINTER, "openid email").await;
    let again = begin(&app, PRINTER, "openid").await;
    let browser = app.browser_of(seed::ANA).await;
    enter(&browser, &again.user_code).await.expect("/device/confirm", 200);
    let page = browser.open("/account/applications").await;
    page.assert_text("Printer");
    allow(&app, &again).await;
    page.click("Remove access").await.expect("/account/applications", 200);
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
    poll(&app, PRINTER, &again).await.expect_error(400, "invalid_grant");
}

/// What an organisation asks of its people, it asks here: enrolment comes before the question.
#[tokio::test]
async fn a_required_second_factor_is_set_up_first() {
    let app = start().await;
    organization(&app, "acme", r#"{"second_factor":"required"}"#).await;
    let signed_in = app.browser_of(seed::ANA).await;
    join(&app, "acme", seed::ANA, false).await;
    let asked = begin(&app, TV, "openid").await;
    let page = enter(&signed_in, &asked.user_code).await;
    assert!(page.path().starts_with("/login"), "an older session is not enough: {}", page.url);
    let fresh = app.browser();
    enter(&fresh, &asked.user_code).await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
}

/// The application's `default_max_age` holds: who signed in too long ago does so again.
#[tokio::test]
async fn an_old_sign_in_is_asked_again() {
    let app = start().await;
    app.change_client(TV, |client| client.metadata.default_max_age = Some(60)).await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(61);
    let asked = begin(&app, TV, "openid").await;
    let page = enter(&browser, &asked.user_code).await.expect("/login", 200);
    page.sign_in(seed::ANA).await.expect("/device/confirm", 200);
}

/// One person has the code, another signs in meanwhile: they are asked themselves.
#[tokio::test]
async fn the_answer_is_that_of_the_person_who_was_asked() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    let browser = app.browser_of(seed::ANA).await;
    let page = enter(&browser, &asked.user_code).await.expect("/device/confirm", 200);
    let other = app.browser_of(seed::BRUNO).await;
    browser.set_cookie("__Host-vestibule-session", &other.cookie("__Host-vestibule-session").unwrap());
    let page = page.click("#device-allow").await.expect("/device/confirm", 422);
    page.assert_text(seed::BRUNO);
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
    page.click("#device-allow").await.expect("/device/done", 200);
    let tokens = poll(&app, TV, &asked).await.expect(200).json();
    let claims = claims_of(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["sub"], app.user(seed::BRUNO).await.id.to_string());
}

/// Whoever types a code that somebody has answered is told no more than that it is of no use.
#[tokio::test]
async fn a_code_is_answered_once() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    let (ana, bruno) = (app.browser_of(seed::ANA).await, app.browser_of(seed::BRUNO).await);
    let late = enter(&bruno, &asked.user_code).await.expect("/device/confirm", 200);
    let page = enter(&ana, &asked.user_code).await.click("#device-allow").await.expect("/device/done", 200);
    page.refresh().await.expect("/device/done", 200);
    late.click("#device-allow").await.expect("/device/confirm", 422).assert_text("used or has expired");
    enter(&bruno, &asked.user_code).await.expect("/device", 422).assert_text("used or has expired");
    let tokens = poll(&app, TV, &asked).await.expect(200).json();
    assert_eq!(claims_of(tokens["id_token"].as_str().unwrap())["sub"], app.user(seed::ANA).await.id.to_string());
}

/// A code on a screen elsewhere is what a swindler has: the page says so.
#[tokio::test]
async fn a_device_on_another_network_is_named() {
    let app = start().await;
    let browser = app.browser_of(seed::ANA).await;
    let here = begin(&app, TV, "openid").await;
    assert!(!enter(&browser, &here.user_code).await.has_text("another network"));
    let request = request(TV).with("scope", "openid").build("/device/authorize");
    let there = app.send_from("203.0.113.9:4000".parse().unwrap(), request).await.expect(200).json();
    enter(&browser, there["user_code"].as_str().unwrap()).await.assert_text("another network");
}

/// A client gone, disabled or without the grant meanwhile is nobody's device any more.
#[tokio::test]
async fn a_client_that_may_not_any_more_gets_nothing() {
    let app: TestApp = start().await;
    let asked = begin(&app, TV, "openid").await;
    let browser = app.browser_of(seed::ANA).await;
    let page = enter(&browser, &asked.user_code).await.expect("/device/confirm", 200);
    app.change_client(TV, |client| client.enabled = false).await;
    page.click("#device-allow").await.expect("/device/confirm", 422);
    enter(&browser, &asked.user_code).await.expect("/device", 422);
    let code = TokenRequest::new(crate::harness::Credentials::Public(TV.to_owned()));
    app.token(code.with("grant_type", super::GRANT).with("device_code", &asked.device_code)).await.expect_error(401, "invalid_client");
}
