//! Disabled means dead, and changed credentials end what they opened: on every path, on every process, within a second. SECURITY §1.9, SE-5, TE-8.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::organizations::{join, organization};
use crate::harness::{Authenticator, Browser, Credentials, Page, TestApp, TokenRequest, basic, seed};

/// What is done: on the first process by a person, or by an operator, whose command is a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// `vestibule user lock`.
    UserLocked,
    /// `enabled = false`, and nothing else: the flag alone has to do.
    UserDisabled,
    /// The epoch, and nothing else: what every change of credentials comes to.
    EpochRaised,
    /// In My Account.
    PasswordChanged,
    /// In My Account: another authenticator app.
    FactorReplaced,
    /// `vestibule client disable`.
    ClientDisabled,
    /// `vestibule organization disable`, the only one they belong to.
    OrganizationDisabled,
}

const ACTS: [Act; 7] = [
    Act::UserLocked,
    Act::UserDisabled,
    Act::EpochRaised,
    Act::PasswordChanged,
    Act::FactorReplaced,
    Act::ClientDisabled,
    Act::OrganizationDisabled,
];

const NEW_PASSWORD: &str = "another password of hers";

/// The command line of an operator, on the database of this service.
pub fn vestibule(app: &TestApp, arguments: &[&str]) {
    let done = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(arguments)
        .env("VESTIBULE_SERVER__PUBLIC_URL", crate::harness::ISSUER)
        .env("VESTIBULE_DATABASE__URL", &app.database.url)
        .env("VESTIBULE_KEYS__DIRECTORY", &app.app.config.keys.directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
}

/// Everything a person and a client can hold; made on the first process, used on the second.
struct World<'a> {
    phone: Authenticator<'a>,
    session: Browser<'a>,
    pending: Browser<'a>,
    trusted: Browser<'a>,
    access_token: String,
    refresh_token: String,
    code: String,
    reset_link: String,
}

async fn world(app: &TestApp) -> World<'_> {
    let phone = app.with_totp(seed::ANA).await;
    app.browser().open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let reset_link = app.mail("password_reset", seed::ANA).await.path("link");
    let trusted = app.browser();
    let page = trusted.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.tamper("trust", "1").give_code(&phone.code()).await.expect("/account", 200);
    trusted.forget_cookie("__Host-vestibule-session");
    let session = app.browser();
    let page = session.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.give_code(&phone.next_code()).await.expect("/account", 200);
    let pending = app.browser();
    pending.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    let code = code_of(&session.open(&app.authorize(seed::AUTOTALK).url()).await);
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let code = code_of(&session.open(&app.authorize(seed::AUTOTALK).url()).await);
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    World { phone, session, pending, trusted, access_token: text("access_token"), refresh_token: text("refresh_token"), code, reset_link }
}

fn code_of(page: &Page<'_>) -> String {
    page.param("code").unwrap()
}

async fn perform(app: &TestApp, world: &World<'_>, act: Act) {
    match act {
        Act::UserLocked => vestibule(app, &["user", "lock", seed::ANA]),
        Act::UserDisabled => app.change_user(seed::ANA, |user| user.enabled = false).await,
        Act::EpochRaised => app.change_user(seed::ANA, |user| user.auth_epoch += 1).await,
        Act::OrganizationDisabled => vestibule(app, &["organization", "disable", "acme"]),
        Act::ClientDisabled => vestibule(app, &["client", "disable", seed::AUTOTALK]),
        Act::PasswordChanged | Act::FactorReplaced => {
            let browser = app.browser();
            let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
            page.give_code(&world.phone.next_code()).await.expect("/account", 200);
            if act == Act::PasswordChanged {
                let page = browser.open("/account/password").await.fill("New password", NEW_PASSWORD);
                page.fill("Confirm new password", NEW_PASSWORD).click("Save").await.expect("/account", 200);
            } else {
                let page = browser.open("/account/authentication").await.click("Request New QR code").await;
                let code = Authenticator::scan(app, &page).code();
                page.give_code(&code).await.expect("/account/authentication", 200);
            }
        }
    }
}

/// A process remembers a client for a second; then it has to know.
async fn a_second_passes() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

/// Act × path: a process that did not act honours the act everywhere, and before it everything works there.
#[tokio::test]
async fn every_act_is_honoured_on_every_path_of_another_process() {
    for act in ACTS {
        let app = TestApp::start().await;
        let other = app.replica().await;
        organization(&app, "acme", "{}").await;
        join(&app, "acme", seed::ANA, false).await;
        let world = world(&app).await;
        // The other process knows everything, and would go on believing it.
        assert_eq!(other.userinfo(&world.access_token).await.status, 200, "{act:?}");
        world.session.at(&other).open("/account").await.expect("/account", 200);
        world.trusted.at(&other).open("/login").await.expect("/login", 200);
        assert_eq!(other.introspect(api(), &world.access_token).await.expect(200).json()["active"], true);
        perform(&app, &world, act).await;
        a_second_passes().await;
        if act == Act::ClientDisabled {
            dead_for_the_client(&other, &world).await;
        } else {
            dead_for_the_person(&other, &world, act).await;
        }
        if act == Act::OrganizationDisabled {
            suspended_until_it_is_enabled(&app, &other, &world).await;
        }
    }
}

/// Nobody of it signs in, no mail opens anything, and what was held before stays dead when it is enabled again.
async fn suspended_until_it_is_enabled(app: &TestApp, other: &TestApp, world: &World<'_>) {
    other.browser().open("/login").await.sign_in(seed::ANA).await.expect("/login", 422);
    let (browser, mails) = (other.browser(), other.mail_count("password_reset").await);
    browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    assert_eq!(other.mail_count("password_reset").await, mails, "no mail leaves");
    other.browser().open("/login").await.sign_in(seed::BRUNO).await.expect("/account", 200);
    vestibule(app, &["organization", "enable", "acme"]);
    a_second_passes().await;
    dead_for_the_person(other, world, Act::OrganizationDisabled).await;
    other.browser().open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
}

fn api() -> Credentials {
    Credentials::of(seed::API)
}

async fn dead_tokens(app: &TestApp, world: &World<'_>) {
    assert_eq!(app.userinfo(&world.access_token).await.status, 401, "userinfo");
    assert_eq!(app.introspect(api(), &world.access_token).await.expect(200).json()["active"], false, "introspection");
    let told = app.introspect(Credentials::of(seed::AUTOTALK), &world.refresh_token).await.json();
    assert_ne!(told["active"], true, "{told}");
}

async fn dead_for_the_client(app: &TestApp, world: &World<'_>) {
    dead_tokens(app, world).await;
    for request in [
        TokenRequest::refresh(seed::AUTOTALK, &world.refresh_token),
        TokenRequest::code(seed::AUTOTALK, &world.code),
        TokenRequest::client_credentials(seed::AUTOTALK),
    ] {
        app.token(request).await.expect_error(401, "invalid_client");
    }
    for prompt in ["none", "login"] {
        let page = world.session.at(app);
        let page = page.open(&app.authorize(seed::AUTOTALK).with("prompt", prompt).url()).await;
        assert!(!page.has_left() && page.status() == 400, "no redirect to a disabled client: {page:?}");
    }
    assert!(basic(seed::AUTOTALK, seed::SECRET).starts_with("Basic "));
}

async fn dead_for_the_person(app: &TestApp, world: &World<'_>, act: Act) {
    dead_tokens(app, world).await;
    app.token(TokenRequest::refresh(seed::AUTOTALK, &world.refresh_token)).await.expect_error(400, "invalid_grant");
    app.token(TokenRequest::code(seed::AUTOTALK, &world.code)).await.expect_error(400, "invalid_grant");
    let session = world.session.at(app);
    let page = session.open(&app.authorize(seed::AUTOTALK).with("prompt", "none").url()).await;
    assert_eq!(page.error(), "login_required", "{act:?}: authorize");
    session.open("/account").await.expect("/login", 200);
    let page = world.pending.at(app);
    let page = page.open("/login/code").await;
    assert!(!page.has("#code-submit"), "{act:?}: a half-done sign-in goes no further: {page:?}");
    let browser = app.browser();
    let page = browser.open(&world.reset_link).await;
    assert!(!page.has("input[autocomplete=new-password]"), "{act:?}: the link in the mail: {page:?}");
    let trusted = world.trusted.at(app);
    let password = if act == Act::PasswordChanged { NEW_PASSWORD } else { seed::PASSWORD };
    let page = trusted.open("/login").await.sign_in_with(seed::ANA, password).await;
    assert!(trusted.cookie("__Host-vestibule-session").is_none(), "{act:?}: the device is trusted no more: {page:?}");
}

/// A token that a machine got for itself has no grant: it dies with its client, and does not come back before it has expired but with it.
#[tokio::test]
async fn a_machine_s_token_dies_with_its_client_on_every_process() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    let tokens = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200).json();
    let token = tokens["access_token"].as_str().unwrap();
    let is_active = async |at: &TestApp| at.introspect(api(), token).await.expect(200).json()["active"] == true;
    assert!(is_active(&app).await && is_active(&other).await);
    vestibule(&app, &["client", "disable", seed::BATCH]);
    a_second_passes().await;
    for at in [&app, &other] {
        assert!(!is_active(at).await);
        at.token(TokenRequest::client_credentials(seed::BATCH)).await.expect_error(401, "invalid_client");
        at.introspect(Credentials::of(seed::BATCH), token).await.expect_error(401, "invalid_client");
    }
}
