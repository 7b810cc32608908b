//! Organisations: what they ask of their people holds at every sign-in, and their administrators are told.

use std::time::Duration;

use vestibule::account::not_me;
use vestibule::config::Config;
use vestibule::declare;
use vestibule::organization::{self, Rules};
use vestibule::store::memberships::{self, Membership};
use vestibule::store::organizations::{self, Organization};

use crate::harness::{Authenticator, ISSUER, TestApp, seed};

const SESSION: &str = "__Host-vestibule-session";

/// An organisation with this policy, as JSON.
pub async fn organization(app: &TestApp, id: &str, policy: &str) {
    let rules: Rules = serde_json::from_str(policy).unwrap();
    let now = app.now();
    let row = Organization {
        id: id.to_owned(),
        name: format!("{id} Limited"),
        policy: rules.to_json(),
        managed: false,
        enabled: true,
        created_at: now,
        updated_at: now,
    };
    app.app
        .store
        .write(move |conn| {
            let row = row.clone();
            Box::pin(async move { organizations::insert(conn, &row).await })
        })
        .await
        .unwrap();
}

/// Makes this person a member.
pub async fn join(app: &TestApp, id: &str, email: &str, administrator: bool) {
    let user_id = app.user(email).await.id;
    let row = Membership { organization_id: id.to_owned(), user_id, administrator, created_at: app.now() };
    app.app
        .store
        .write(move |conn| {
            let row = row.clone();
            Box::pin(async move { memberships::update(conn, &row).await })
        })
        .await
        .unwrap();
}

/// OT-6: a second factor that an organisation requires is set up at the sign-in, and no page leads around it; others are not asked.
#[tokio::test]
async fn a_required_second_factor_leads_to_enrolment_and_cannot_be_walked_around() {
    let app = TestApp::start().await;
    organization(&app, "acme", r#"{"second_factor":"required"}"#).await;
    join(&app, "acme", seed::ANA, false).await;
    app.browser().open("/login").await.sign_in(seed::BRUNO).await.expect("/account", 200);
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
    assert!(browser.cookie(SESSION).is_none());
    assert_eq!(browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await.error(), "login_required");
    for path in ["/account", "/account/authentication", "/login/recovery-codes", "/account/password"] {
        assert!(browser.open(path).await.path().starts_with("/login"), "{path}");
    }
    let phone = Authenticator::scan(&app, &page);
    page.give_code(&phone.code()).await.expect("/login/recovery-codes", 200).click("#codes-saved").await.code();
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
}

/// OT-6, Rauthy v0.32.4: who joins an organisation is asked in the session they have.
#[tokio::test]
async fn joining_holds_for_sessions_that_are_older() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    organization(&app, "acme", r#"{"second_factor":"required"}"#).await;
    join(&app, "acme", seed::ANA, false).await;
    assert_eq!(browser.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await.error(), "login_required");
    browser.open(&app.authorize(seed::AUTOTALK).url()).await.expect("/login/enroll", 200);
}

/// Of two organisations and the service the strictest holds, in one read.
#[tokio::test]
async fn the_strictest_of_two_organisations_holds() {
    let app = TestApp::start().await;
    organization(&app, "acme", r#"{"trusted_device_ttl":"7d","session_idle":"10m","password_min_length":20}"#).await;
    organization(&app, "bolt", r#"{"trusted_device_ttl":"0s","session_absolute":"2h","allowed_factors":["totp"]}"#).await;
    for id in ["acme", "bolt"] {
        join(&app, id, seed::ANA, false).await;
    }
    let (id, before) = (app.user(seed::ANA).await.id, app.app.store.statement_counts());
    let policy = organization::policy(&app.app.store.read(), &app.app.config, id).await.unwrap();
    assert_eq!(app.app.store.statement_counts().0, before.0 + 1);
    assert_eq!((policy.session_idle, policy.session_absolute), (Duration::from_mins(10), Duration::from_hours(2)));
    assert_eq!((policy.trusted_device_ttl, policy.password_min_length), (None, 20));

    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await;
    assert!(!page.has("#trust"));
    page.tamper("trust", "1").give_code(&phone.code()).await.expect("/account", 200);
    assert!(browser.cookie("__Host-vestibule-trusted-device").is_none());
}

/// OWASP ASVS 5 §7.3: sessions end after the idle time and the length that the organisation allows.
#[tokio::test]
async fn sessions_are_as_long_as_the_organisation_allows() {
    let app = TestApp::start().await;
    organization(&app, "acme", r#"{"session_idle":"10m","session_absolute":"30m"}"#).await;
    join(&app, "acme", seed::ANA, false).await;
    let (hers, his) = (app.browser_of(seed::ANA).await, app.browser_of(seed::BRUNO).await);
    for _ in 0..3 {
        app.advance(Duration::from_mins(9));
        hers.open("/account").await.expect("/account", 200);
    }
    app.advance(Duration::from_mins(4));
    hers.open("/account").await.expect("/login", 200);
    his.open("/account").await.expect("/account", 200);
    let again = app.browser_of(seed::ANA).await;
    app.advance(Duration::from_mins(11));
    again.open("/account").await.expect("/login", 200);
    his.open("/account").await.expect("/account", 200);
}

/// An authenticator app is refused with the reason where the organisation allows others only; so are codes by mail.
#[tokio::test]
async fn factors_that_are_not_allowed_cannot_be_set_up() {
    let app = TestApp::start().await;
    organization(&app, "acme", r#"{"allowed_factors":["passkey"]}"#).await;
    join(&app, "acme", seed::ANA, false).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open("/account/authentication/totp").await.expect("/account/authentication/totp", 200);
    page.assert_text("Your organisation does not allow authenticator apps.");
    let phone = Authenticator::scan(&app, &page);
    let page = page.give_code(&phone.code()).await.expect("/account/authentication/totp", 422);
    page.assert_text("Your organisation does not allow authenticator apps.");
    app.with_email_codes(seed::ANA).await;
    // Codes by mail are not allowed either: what they had chosen is not dropped, another is set up instead.
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
}

/// T10: "This wasn't me" is told to the administrators of the person's organisation; those of the service hear of people without one.
#[tokio::test]
async fn the_administrators_of_the_organisation_are_told() {
    let app = TestApp::start().await;
    app.change_user(seed::CARLA, |user| (user.administrator, user.enabled) = (true, true)).await;
    organization(&app, "acme", "{}").await;
    join(&app, "acme", seed::ANA, true).await;
    join(&app, "acme", seed::BRUNO, true).await;
    let link = not_me::link(&app.app, &app.user(seed::ANA).await, app.now());
    app.browser().open(link.strip_prefix(ISSUER).unwrap()).await.click("Secure my account").await.expect("/not-me", 200);
    let mail = app.mail("administrator_notice", seed::BRUNO).await;
    assert_eq!((mail.text("person"), mail.text("organization")), (seed::ANA.to_owned(), "acme Limited".to_owned()));
    let carla = app.user(seed::CARLA).await;
    let told = organization::administrators_of(&app.app.store.read(), carla.id).await.unwrap();
    assert!(told.is_empty(), "nobody is told of themselves");
    let bruno = app.user(seed::BRUNO).await;
    let told = organization::administrators_of(&app.app.store.read(), bruno.id).await.unwrap();
    assert_eq!(told.iter().map(|one| one.user.email.as_str()).collect::<Vec<_>>(), [seed::ANA]);
}

/// Declared organisations and memberships: applied once, unchanged the second time, wrong ones refused with file and line.
#[tokio::test]
async fn declared_organisations_are_applied_once() {
    let app = TestApp::start().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.toml");
    let state = format!(
        "[[organizations]]\nid = \"acme\"\nname = \"Acme\"\npolicy = {{ second_factor = \"required\", trusted_device_ttl = \"0s\" }}\n\
         [[users]]\nemail = \"{}\"\norganizations = [\"acme\"]\norganization_administrator_of = [\"acme\"]\n",
        seed::ANA
    );
    let plan = async |text: &str| {
        std::fs::write(&path, text).unwrap();
        let document = declare::read(std::slice::from_ref(&path), &Config::default()).map_err(|error| error.to_string())?;
        let options = declare::Options { now: app.now(), secret_overlap: Duration::ZERO };
        declare::plan(&app.app.store, &app.app.passwords, &document, options).await.map_err(|error| error.to_string())
    };
    let first = plan(&state).await.unwrap();
    assert_eq!(first.changes.len(), 2);
    declare::apply(&app.app.store, &first, app.now()).await.unwrap();
    assert_eq!(plan(&state).await.unwrap().changes.len(), 0);
    let of = memberships::list_by_user(&app.app.store.read(), app.user(seed::ANA).await.id).await.unwrap();
    assert!(of.len() == 1 && of[0].0.administrator && of[0].1.managed);
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "organization.changed").count(), 2);
    let wrong = plan(&state.replace("organizations = [\"acme\"]", "organizations = [\"acne\"]")).await.unwrap_err();
    assert!(wrong.contains("state.toml:7): there is no organisation \"acne\""), "{wrong}");
    let fewer =
        plan(&state.replace("organizations = [\"acme\"]\norganization_administrator_of = [\"acme\"]", "organizations = []")).await.unwrap();
    declare::apply(&app.app.store, &fewer, app.now()).await.unwrap();
    assert!(memberships::list_by_user(&app.app.store.read(), app.user(seed::ANA).await.id).await.unwrap().is_empty());
}

/// Declared as disabled, in one file with a change of its own people: they are out, applications are told, and they come back without what they held.
#[tokio::test]
async fn a_declared_organisation_is_disabled_with_its_people() {
    let app = TestApp::start().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.toml");
    let apply = async |enabled: bool, name: &str| {
        let user = format!("[[users]]\nemail = \"{}\"\nname = \"{name}\"\norganizations = [\"acme\"]\n", seed::ANA);
        std::fs::write(&path, format!("[[organizations]]\nid = \"acme\"\nname = \"Acme\"\nenabled = {enabled}\n{user}")).unwrap();
        let document = declare::read(std::slice::from_ref(&path), &Config::default()).unwrap();
        let options = declare::Options { now: app.now(), secret_overlap: Duration::ZERO };
        let plan = declare::plan(&app.app.store, &app.app.passwords, &document, options).await.unwrap();
        declare::apply(&app.app.store, &plan, app.now()).await.unwrap();
    };
    apply(true, "Ana").await;
    let browser = app.browser_of(seed::ANA).await;
    app.seconds_pass(1);
    apply(false, "Ana Lima").await;
    let ana = app.user(seed::ANA).await;
    assert!(ana.suspended && ana.enabled && ana.profile.name.as_deref() == Some("Ana Lima"));
    browser.open("/account").await.expect("/login", 200);
    assert!(app.audit().await.contains(&"session.ended".to_owned()));
    app.seconds_pass(1);
    apply(true, "Ana Lima").await;
    browser.open("/account").await.expect("/login", 200);
    app.browser_of(seed::ANA).await;
}

/// Whoever follows an organisation's invitation belongs to it from the first moment: its policy holds at the first sign-in.
#[tokio::test]
async fn an_invitation_makes_a_member() {
    use vestibule::account::registration::{self, Invitation};
    use vestibule::audit::Origin;
    let app = TestApp::start().await;
    organization(&app, "acme", r#"{"second_factor":"required"}"#).await;
    let invitation = Invitation {
        email: "eve@example.test".to_owned(),
        name: Some("Eve".to_owned()),
        locale: None,
        organization: Some("acme".to_owned()),
        inviter: None,
    };
    let link = registration::invite(&app.app, &invitation, &Origin::default(), "test").await.unwrap();
    let password = "seven green bicycles in the rain";
    let browser = app.browser();
    let page = browser.open(link.strip_prefix(ISSUER).unwrap()).await.expect("/invitation", 200);
    let page = page.fill("New password", password).fill("Confirm new password", password).click("Create account").await;
    page.expect("/login", 200).sign_in_with("eve@example.test", password).await.expect("/login/enroll", 200);
    let members = memberships::list_by_user(&app.app.store.read(), app.user("eve@example.test").await.id).await.unwrap();
    assert_eq!(members.iter().map(|(row, _)| (row.organization_id.as_str(), row.administrator)).collect::<Vec<_>>(), [("acme", false)]);
}

/// Decision 0018: who had codes by mail and may have them no longer sets up an app at the next sign-in, and is never let in with the password alone.
#[tokio::test]
async fn codes_by_mail_that_are_forbidden_lead_to_an_authenticator_app() {
    let app = TestApp::start().await;
    app.with_email_codes(seed::ANA).await;
    organization(&app, "acme", r#"{"allowed_factors":["passkey"]}"#).await;
    join(&app, "acme", seed::ANA, false).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
    browser.open("/account").await.expect("/login", 200);
    let phone = Authenticator::scan(&app, &page);
    page.give_code(&phone.code()).await.expect("/login/recovery-codes", 200).click("#codes-saved").await.expect("/account", 200);
}

/// Decision 0018: of organisations that contradict each other the requirement holds, and can be met.
#[tokio::test]
async fn common_members_of_contradicting_organisations_are_not_locked_out() {
    let app = TestApp::start().await;
    organization(&app, "acme", r#"{"second_factor":"required","allowed_factors":["totp"]}"#).await;
    organization(&app, "bolt", r#"{"allowed_factors":["email"]}"#).await;
    for id in ["acme", "bolt"] {
        join(&app, id, seed::ANA, false).await;
    }
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
    let phone = Authenticator::scan(&app, &page);
    page.give_code(&phone.code()).await.expect("/login/recovery-codes", 200);
}
