//! Disabled means dead, and changed credentials end what they opened: on every path, on every process, within a second. SECURITY §1.9, SE-5, TE-8.

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::task::LocalSet;
use vestibule::account::{known_device, not_me};
use vestibule::store::trusted_devices;
use vestibule::web::Visit;

use super::organizations::{join, organization};
use super::routes::acts_unlock;
use crate::harness::{Authenticator, Browser, Credentials, ISSUER, Page, Passkey, TestApp, TokenRequest, basic, seed};

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
    /// With the link of a mail.
    PasswordReset,
    /// In My Account: another authenticator app.
    FactorReplaced,
    /// In My Account.
    PasskeyRemoved,
    /// `vestibule user reset-mfa`.
    FactorsReset,
    /// In My Account: "Log out all other devices".
    SessionsEnded,
    /// "This wasn't me", with the link of a mail.
    NotMe,
    /// `vestibule client disable`.
    ClientDisabled,
    /// `vestibule organization disable`, the only one they belong to.
    OrganizationDisabled,
}

const ACTS: [Act; 12] = [
    Act::UserLocked,
    Act::UserDisabled,
    Act::EpochRaised,
    Act::PasswordChanged,
    Act::PasswordReset,
    Act::FactorReplaced,
    Act::PasskeyRemoved,
    Act::FactorsReset,
    Act::SessionsEnded,
    Act::NotMe,
    Act::ClientDisabled,
    Act::OrganizationDisabled,
];

impl Act {
    /// After it nobody signs in as this person, with whatever they have.
    const fn keeps_out(self) -> bool {
        matches!(self, Self::UserLocked | Self::UserDisabled | Self::OrganizationDisabled)
    }

    /// After it a passkey of before stands in place of the password no more.
    const fn ends_passkeys(self) -> bool {
        self.keeps_out() || matches!(self, Self::PasskeyRemoved | Self::FactorsReset | Self::NotMe)
    }

    const fn password(self) -> &'static str {
        match self {
            Self::PasswordChanged | Self::PasswordReset => NEW_PASSWORD,
            _ => seed::PASSWORD,
        }
    }
}

const NEW_PASSWORD: &str = "another password of hers";
const PASSKEYS: &str = "/account/authentication/passkeys";

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
    passkey: Passkey,
    session: Browser<'a>,
    pending: Browser<'a>,
    trusted: Browser<'a>,
    access_token: String,
    refresh_token: String,
    code: String,
    reset_link: String,
}

async fn world(app: &TestApp) -> World<'_> {
    let (phone, mut passkey, browser) = (app.with_totp(seed::ANA).await, Passkey::new(), app.browser());
    browser.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.code()).await.expect("/account", 200);
    browser.open(PASSKEYS).await.expect(PASSKEYS, 200).add_passkey(&mut passkey).await;
    app.browser().open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let reset_link = app.mail("password_reset", seed::ANA).await.path("link");
    let trusted = app.browser();
    let page = trusted.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.tamper("trust", "1").give_code(&phone.next_code()).await.expect("/account", 200);
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
    World {
        phone,
        passkey,
        session,
        pending,
        trusted,
        access_token: text("access_token"),
        refresh_token: text("refresh_token"),
        code,
        reset_link,
    }
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
        Act::FactorsReset => vestibule(app, &["user", "reset-mfa", seed::ANA, "--reason", "lost phone"]),
        Act::PasswordReset => {
            let browser = app.browser();
            chosen(browser.open(&world.reset_link).await).await.expect("/login", 200);
        }
        Act::NotMe => {
            let link = not_me::link(&app.app, &app.user(seed::ANA).await, app.now());
            let browser = app.browser();
            browser.open(link.strip_prefix(ISSUER).unwrap()).await.click("Secure my account").await.expect("/not-me", 200);
        }
        Act::PasswordChanged | Act::FactorReplaced | Act::PasskeyRemoved | Act::SessionsEnded => in_my_account(app, world, act).await,
    }
}

async fn chosen(page: Page<'_>) -> Page<'_> {
    page.fill("New password", NEW_PASSWORD).fill("Confirm new password", NEW_PASSWORD).click("Save").await
}

async fn in_my_account(app: &TestApp, world: &World<'_>, act: Act) {
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    page.give_code(&world.phone.next_code()).await.expect("/account", 200);
    match act {
        Act::PasswordChanged => {
            chosen(browser.open("/account/password").await).await.expect("/account", 200);
        }
        Act::PasskeyRemoved => {
            browser.open(PASSKEYS).await.click("Remove").await.assert_text("Your passkey has been removed.");
        }
        Act::SessionsEnded => {
            let page = browser.open("/account/sessions").await.click("Log out all other devices").await;
            page.assert_text("All other devices have been logged out.");
        }
        _ => {
            let page = browser.open("/account/authentication").await.click("Request New QR code").await;
            let code = Authenticator::scan(app, &page).code();
            page.give_code(&code).await.expect("/account/authentication", 200);
        }
    }
}

/// A process remembers a client for a second; then it has to know.
async fn a_second_passes() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

/// Act × path: a process that did not act honours the act everywhere, and before it everything works there. A few at a time: each waits for its second.
#[tokio::test]
async fn every_act_is_honoured_on_every_path_of_another_process() {
    for some in ACTS.chunks(4) {
        let together = LocalSet::new();
        let tasks: Vec<_> = some.iter().map(|act| together.spawn_local(honoured(*act))).collect();
        together.await;
        for task in tasks {
            task.await.unwrap();
        }
    }
}

async fn honoured(act: Act) {
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
    assert!(knows(&other, &world.session).await && signs_in_with_passkey(&other, &world).await, "{act:?}");
    perform(&app, &world, act).await;
    a_second_passes().await;
    if act == Act::ClientDisabled {
        dead_for_the_client(&other, &world).await;
    } else {
        dead_for_the_person(&other, &world, act).await;
        assert_eq!(signs_in_with_passkey(&other, &world).await, !act.ends_passkeys(), "{act:?}: a passkey in place of the password");
    }
    if act == Act::OrganizationDisabled {
        suspended_until_it_is_enabled(&app, &other, &world).await;
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
    assert!(signs_in_with_passkey(other, world).await, "what she has is hers again");
}

/// Whether this browser is one its person has signed in with: what strangers guess wrong does not keep them out of it.
async fn knows(app: &TestApp, browser: &Browser<'_>) -> bool {
    let name = "__Host-vestibule-known-device";
    let cookie = format!("{name}={}", browser.cookie(name).unwrap());
    let mut visit = Visit::anonymous("/login");
    visit.headers.insert("cookie", cookie.parse().unwrap());
    known_device::id(&app.app, &visit, &app.user(seed::ANA).await).is_some()
}

/// In place of the password, in a browser of its own.
async fn signs_in_with_passkey(app: &TestApp, world: &World<'_>) -> bool {
    let (browser, mut passkey) = (app.browser(), world.passkey.clone());
    let page = browser.open("/login").await.use_passkey(&mut passkey).await;
    let signed_in = browser.cookie("__Host-vestibule-session").is_some();
    assert_eq!((page.path(), page.status()), if signed_in { ("/account", 200) } else { ("/login", 422) }, "{page:?}");
    signed_in
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
    let ana = app.user(seed::ANA).await;
    let devices = trusted_devices::list(&app.app.store.read(), ana.id, ana.auth_epoch, app.now()).await.unwrap();
    // The flag alone takes nothing away from an account that nobody gets into.
    assert!(devices.is_empty() || act == Act::UserDisabled, "{act:?}: {}", devices.len());
    assert!(!knows(app, &world.session).await || act == Act::UserDisabled, "{act:?}: a browser of before is a stranger's");
    let trusted = world.trusted.at(app);
    let page = trusted.open("/login").await.sign_in_with(seed::ANA, act.password()).await;
    let signed_in = trusted.cookie("__Host-vestibule-session").is_some();
    // Nothing is left that a trusted device could stand for.
    assert_eq!(signed_in, act == Act::FactorsReset, "{act:?}: the device is trusted no more: {page:?}");
}

/// What a mail brings does nothing for somebody who is kept out, on the process that sent it and on another: no address is confirmed, no pause lifted.
#[tokio::test]
async fn links_of_somebody_who_is_kept_out_do_nothing() {
    for act in ACTS.into_iter().filter(|act| act.keeps_out()) {
        let app = TestApp::start().await;
        let other = app.replica().await;
        organization(&app, "acme", "{}").await;
        join(&app, "acme", seed::ANA, false).await;
        app.change_user(seed::ANA, |user| user.email_verified = false).await;
        let hers = app.browser_of(seed::ANA).await;
        hers.open("/account/email").await.click("Send a confirmation").await.expect("/email/confirm", 200);
        let confirm = app.mail("confirm_email", seed::ANA).await.path("link");
        let unlock = acts_unlock::link(&app).await;
        let (desk, phone) = (app.browser(), other.browser());
        let mut open = Vec::new();
        for browser in [&desk, &phone] {
            open.push((browser, browser.open(&confirm).await, browser.open(&unlock).await.expect("/login/unlock", 200)));
        }
        match act {
            Act::UserLocked => vestibule(&app, &["user", "lock", seed::ANA]),
            Act::OrganizationDisabled => vestibule(&app, &["organization", "disable", "acme"]),
            _ => app.change_user(seed::ANA, |user| user.enabled = false).await,
        }
        let before = app.snapshot().await;
        for (browser, confirming, unlocking) in open {
            for page in [confirming, unlocking] {
                let (url, form) = page.form_of("main form button[type=submit]");
                let answer = browser.post(&url, &form).await;
                assert!([303, 410].contains(&answer.status.as_u16()), "{act:?}: {answer:?}");
            }
            for link in [&confirm, &unlock] {
                let page = browser.open(link).await;
                assert!(!page.has("main form[action='/login/unlock'], main form[action='/email/confirm']"), "{act:?}: {page:?}");
            }
        }
        // That the link was pressed is remembered, and nothing else.
        let changed = before.changed(&app.snapshot().await);
        assert!(changed.iter().all(|table| table == "spent"), "{act:?}: {changed:?}");
        assert!(!other.user(seed::ANA).await.email_verified);
    }
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
