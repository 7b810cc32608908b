//! What people may do to their own account, and nobody to another's.

use vestibule::config::RegistrationMode;
use vestibule::store::sessions;

use crate::harness::{ISSUER, TestApp, TokenRequest, encode, seed};
use crate::organizations::{join, organization};

const NEW: &str = "seven green bicycles in the rain";

fn pairs(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Matrix Authentication Service: password, address and the account itself were changed without the password.
#[tokio::test]
async fn cve_2025_62425_the_account_is_not_changed_from_a_session_left_open() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let ready = [
        ("/account/password", pairs(&[("new_password", NEW), ("new_password_confirmation", NEW)])),
        ("/account/email", pairs(&[("email", "thief@example.test")])),
        ("/account/delete", Vec::new()),
        ("/account/authentication/totp", pairs(&[("code", "000000")])),
        ("/account/authentication/email-codes", pairs(&[("email_codes", "1")])),
        ("/account/data", Vec::new()),
    ];
    let token = browser.open("/account/delete").await.form_of("#delete-submit").1;
    app.seconds_pass(301);
    let before = app.snapshot().await;
    for (path, mut form) in ready {
        form.extend(token.iter().filter(|(name, _)| name == "csrf_token").cloned());
        let answer = browser.post(path, &form).await;
        assert!(answer.status == 303 && answer.location().path() == "/account/confirm", "{path}: {answer:?}");
        for table in ["users", "mails", "user_security", "totp_credentials", "audit_events"] {
            assert!(!before.changed(&app.snapshot().await).contains(&table.to_owned()), "{path} changed {table}");
        }
    }
}

/// authentik, ZITADEL: fields that no form offers were taken from whoever sent them.
#[tokio::test]
async fn cve_2026_54693_2026_27946_people_do_not_verify_themselves() {
    let app = TestApp::start().await;
    app.change_user(seed::BRUNO, |user| user.email_verified = false).await;
    let browser = app.browser_of(seed::BRUNO).await;
    let mut page = browser.open("/account/profile").await.fill("Full name", "Bruno");
    for name in ["email_verified", "administrator", "enabled", "auth_epoch", "id", "sub", "email", "password_hash", "organizations"] {
        page = page.tamper(name, "1");
    }
    page.click("Save").await;
    let bruno = app.user(seed::BRUNO).await;
    assert!(bruno.profile.name.as_deref() == Some("Bruno") && !bruno.email_verified && !bruno.administrator);
}

/// authentik: an identity was joined to another account by an id in the request.
#[tokio::test]
async fn ghsa_5wcc_hf24_rf5h_nothing_is_joined_by_an_id_in_the_request() {
    let app = TestApp::start().await;
    organization(&app, "acme", "{}").await;
    join(&app, "acme", seed::ANA, true).await;
    let ana = app.user(seed::ANA).await.id.to_string();
    let browser = app.browser_of(seed::BRUNO).await;
    let page = browser.open("/account/profile").await.tamper("user_id", &ana).tamper("organization", "acme").tamper("name", "Taken over");
    page.click("Save").await;
    assert_eq!(app.user(seed::ANA).await.profile.name.as_deref(), Some("Ana Souza"));
    assert_eq!(app.snapshot().await.rows("memberships"), 1);
}

/// Keycloak: what belonged to somebody else was reached by its id.
#[tokio::test]
async fn cve_2026_4630_an_id_is_no_key_to_what_is_somebody_elses() {
    let app = TestApp::start().await;
    let ana = app.browser_of(seed::ANA).await;
    let id = sessions::list_live_by_user(&app.app.store.read(), app.user(seed::ANA).await.id, app.now()).await.unwrap()[0].id;
    let bruno = app.browser_of(seed::BRUNO).await;
    let (action, form) = bruno.open("/account/sessions").await.tamper("end", &id.to_string()).form_of("Log out here");
    let form: Vec<_> = form.into_iter().filter(|(name, value)| name != "end" || *value == id.to_string()).collect();
    bruno.post(&action, &form).await;
    ana.open("/account").await.expect("/account", 200);
}

/// authentik: the link of one person's mail changed another's password.
#[tokio::test]
async fn cve_2023_26481_a_reset_is_for_the_person_it_was_made_for() {
    let app = TestApp::start().await;
    let ana = app.user(seed::ANA).await.password_hash;
    let browser = app.browser();
    browser.open("/password/reset").await.fill("Email", seed::BRUNO).click("Send link").await;
    let link = app.mail("password_reset", seed::BRUNO).await.path("link");
    let page = browser.open(&link).await.tamper("email", seed::ANA).tamper("user", seed::ANA).fill("New password", NEW);
    page.fill("Confirm new password", NEW).click("Save").await;
    assert_eq!(app.user(seed::ANA).await.password_hash, ana);
    browser.open("/login").await.sign_in_with(seed::BRUNO, NEW).await.expect("/account", 200);
}

/// Keycloak: a link that did something did it again.
#[tokio::test]
async fn cve_2026_37982_a_link_works_once() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let link = app.mail("password_reset", seed::ANA).await.path("link");
    let page = browser.open(&link).await.fill("New password", NEW).fill("Confirm new password", NEW);
    let again = page.clone();
    page.click("Save").await.expect("/login", 200);
    let after = app.user(seed::ANA).await.password_hash;
    assert_eq!(app.browser().open(&link).await.status(), 410);
    again.fill("New password", "another one of many words").fill("Confirm new password", "another one of many words").click("Save").await;
    assert_eq!(app.user(seed::ANA).await.password_hash, after);
}

/// Keycloak: proof of one address was taken for proof of another.
#[tokio::test]
async fn cve_2026_9087_a_proof_is_of_the_address_it_went_to() {
    let app = TestApp::start().await;
    let (ana, bruno) = (app.browser_of(seed::ANA).await, app.browser_of(seed::BRUNO).await);
    ana.open("/account/email").await.fill("New email", "ana.souza@example.net").click("Confirm").await;
    let page =
        bruno.open("/account/email").await.fill("New email", "boss@example.net").click("Confirm").await.expect("/email/confirm", 200);
    let code = app.mail("confirm_email", "ana.souza@example.net").await.text("code");
    page.fill("Code from the email", &code).click("Confirm").await;
    // Ana's own link in Bruno's browser changes nobody's address.
    let link = app.mail("confirm_email", "ana.souza@example.net").await.path("link");
    bruno.open(&link).await.expect("/email/confirm", 403);
    assert_eq!((app.user(seed::BRUNO).await.email.as_str(), app.user(seed::ANA).await.email.as_str()), (seed::BRUNO, seed::ANA));
}

/// authentik, ZITADEL: accounts were made where nobody may make one.
#[tokio::test]
async fn cve_2022_46145_2024_49757_no_account_where_registration_is_closed() {
    for mode in [RegistrationMode::Off, RegistrationMode::Invitation] {
        let app = TestApp::with(|config| config.registration.mode = mode).await;
        let browser = app.browser();
        let mut form = browser.open("/login").await.form_of("#login-submit").1;
        form.extend(pairs(&[("name", "Eve"), ("new_password", NEW), ("new_password_confirmation", NEW)]));
        form.iter_mut().filter(|(name, _)| name == "email").for_each(|(_, value)| "eve@example.test".clone_into(value));
        let before = app.snapshot().await;
        for path in ["/sign-up", "/sign-up/sent", "/sign-up/finish", "/invitation", "/sign-up?prompt=create"] {
            browser.post(path, &form).await;
        }
        assert_eq!(before.changed(&app.snapshot().await), [""; 0], "{mode:?}");
    }
}

/// authentik: people without rights read the secrets of clients, or other people's.
#[tokio::test]
async fn cve_2026_40166_no_page_or_download_has_a_secret() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.code()).await.expect("/account", 200);
    let code = browser.open(&app.authorize(seed::TICKETING).url()).await.allow_if_asked().await.code();
    app.token(TokenRequest::code(seed::TICKETING, &code)).await.expect(200);
    let hash = app.user(seed::ANA).await.password_hash.unwrap();
    let (action, form) = browser.open("/account/data").await.form_of("#data-submit");
    let mut texts = vec![browser.post(&action, &form).await.expect(200).text()];
    for path in ["/account", "/account/applications", "/account/sessions", "/account/activity", "/account/authentication"] {
        texts.push(browser.open(path).await.answer.text());
    }
    for text in texts {
        for secret in [&hash, seed::SECRET, &phone.secret.base32(), seed::PASSWORD] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

/// Casdoor: a page of the activity, or of anything else, by a forged token of the page; Ory: the same, with SQL in it.
#[tokio::test]
async fn cve_2026_33503_2026_33504_2026_33505_forged_cursors_show_nothing_else() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    app.browser_of(seed::BRUNO).await;
    for cursor in ["x", "' OR 1=1 --", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "00000000-0000-0000-0000-000000000000", "-1", "%00"]
    {
        let answer = browser.get(&format!("/account/activity?{}", encode(&[("before", cursor)]))).await;
        assert!(answer.status == 200 || answer.status == 303, "{cursor}: {answer:?}");
        assert!(!answer.text().contains(seed::BRUNO), "{cursor}");
    }
}

/// ZITADEL: the host of the request went into the links of mails.
#[tokio::test]
async fn cve_2025_64101_ghsa_93m4_mfpg_c3xf_links_are_on_the_configured_address() {
    let app = TestApp::start().await;
    for (name, value) in
        [("host", "evil.test"), ("x-forwarded-host", "evil.test"), ("forwarded", "host=evil.test"), ("x-host", "evil.test")]
    {
        let browser = app.browser();
        let (action, mut form) = browser.open("/password/reset").await.form_of("Send link");
        form.retain(|(field, _)| field != "email");
        form.push(("email".to_owned(), seed::ANA.to_owned()));
        let body: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = browser.request("POST", &action).header("content-type", "application/x-www-form-urlencoded").header(name, value);
        let answer = browser.send(request.body(axum::body::Body::from(encode(&body))).unwrap()).await;
        assert!(!answer.header("location").contains("evil"), "{answer:?}");
        app.seconds_pass(120);
    }
    let mails = app.outbox().await;
    assert!(mails.iter().any(|mail| mail.kind == "password_reset"));
    for mail in mails {
        assert!(!mail.fields.to_string().contains("evil.test"), "{mail:?}");
        if let Some(link) = mail.fields.get("link") {
            assert!(link.as_str().unwrap().starts_with(ISSUER), "{mail:?}");
        }
    }
    let document = app
        .send(http::Request::get("/.well-known/openid-configuration").header("host", "evil.test").body(axum::body::Body::empty()).unwrap());
    assert_eq!(document.await.json()["issuer"], ISSUER);
}
