//! For each form of ours one that acts, filled in and not yet sent.

use vestibule::account::registration::{self, Invitation};
use vestibule::account::{not_me, setup};
use vestibule::audit::Origin;
use vestibule::config::RegistrationMode;

use super::acts_passkeys::passkeys;
use super::acts_unlock::unlock;
use super::listed;
use crate::device;
use crate::harness::{Authenticator, Browser, ISSUER, Page, TestApp, seed};
use crate::organizations::{join, organization};

pub const NEW: &str = "seven green bicycles in the rain";
const EVE: &str = "eve@example.test";
const DEVICES: &str = "/account/authentication/devices";

/// Posts that are not forms of ours, with the reason.
pub const NOT_FORMS: [(&str, &str); 7] = [
    ("/authorize", "OpenID Connect Core §3.1.2.1: applications post here from their own pages; only the consent page acts"),
    ("/logout", "RP-Initiated Logout §2: applications post here from their own pages; without a valid hint a question follows"),
    ("/token", "no cookie is read; the client authenticates"),
    ("/revoke", "no cookie is read; the client authenticates"),
    ("/device/authorize", "no cookie is read; the client authenticates"),
    ("/introspect", "no cookie is read; the client authenticates"),
    ("/userinfo", "no cookie is read; the access token authorizes"),
];

/// The paths that take a form of ours.
pub fn forms() -> Vec<String> {
    let posts = listed::taking(&http::Method::POST).into_iter().map(|route| route.path);
    posts.filter(|path| NOT_FORMS.iter().all(|(other, _)| other != path)).collect()
}

/// A service in which every form can be met.
pub async fn service() -> TestApp {
    TestApp::with(|config| config.registration.mode = RegistrationMode::Open).await
}

/// A form, filled in.
pub struct Ready<'a> {
    pub browser: Browser<'a>,
    pub form: Vec<(String, String)>,
}

/// The form on this page that goes to `path`, with its first button and these fields.
pub(super) fn filled(page: Page<'_>, path: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let page = fields.iter().fold(page, |page, (name, value)| page.tamper(name, value));
    let (action, form) = page.form_of(&format!("form[action=\"{path}\"] button[type=submit]"));
    assert!(action.ends_with(path), "{action}");
    form
}

/// Opens `page` in this browser and fills in the form there.
async fn on<'a>(browser: Browser<'a>, page: &str, path: &str, fields: &[(&str, &str)]) -> Ready<'a> {
    let form = filled(browser.open(page).await, path, fields);
    Ready { browser, form }
}

pub(super) fn relative(link: &str) -> String {
    link.strip_prefix(ISSUER).unwrap().to_owned()
}

const NEW_PASSWORD: [(&str, &str); 2] = [("new_password", NEW), ("new_password_confirmation", NEW)];

/// The form that goes to `path`, as the person it is for meets it.
///
/// # Panics
/// When there is none yet: a new form of ours needs its act here.
pub async fn ready<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    if path.contains("passkey") {
        return passkeys(app, path).await;
    }
    if path.starts_with("/login/unlock") {
        return unlock(app, path).await;
    }
    if path.starts_with("/login") {
        return signing_in(app, path).await;
    }
    if path.starts_with("/account/authentication") {
        return authentication(app, path).await;
    }
    match path {
        "/setup" => {
            let link = relative(&setup::link(&app.app).await.unwrap().unwrap());
            let fields = [("email", "root@example.test"), NEW_PASSWORD[0], NEW_PASSWORD[1]];
            on(app.browser(), &link, path, &fields).await
        }
        "/choose-account" => {
            let browser = app.browser_of(seed::ANA).await;
            on(browser, &app.authorize(seed::AUTOTALK).with("prompt", "select_account").url(), path, &[]).await
        }
        "/consent" => on(app.browser_of(seed::ANA).await, &app.authorize(seed::TICKETING).url(), path, &[]).await,
        "/device" | "/device/confirm" => asked_by_a_device(app, path).await,
        "/logout/confirm" => on(app.browser_of(seed::ANA).await, "/logout", path, &[]).await,
        "/not-me" => on(app.browser(), &relative(&not_me::link(&app.app, &app.user(seed::ANA).await, app.now())), path, &[]).await,
        _ if path.starts_with("/account") => my_account(app, path).await,
        _ => by_mail(app, path).await,
    }
}

/// The code of a device, typed; or the question whether it is theirs.
async fn asked_by_a_device<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    device::clients(app).await;
    let code = device::begin(app, device::TV, "openid").await.user_code;
    let browser = app.browser_of(seed::ANA).await;
    if path == "/device" {
        return on(browser, path, path, &[("user_code", &code)]).await;
    }
    let form = filled(device::enter(&browser, &code).await, path, &[]);
    Ready { browser, form }
}

async fn half(app: &TestApp) -> (Browser<'_>, Authenticator<'_>) {
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
    (browser, phone)
}

async fn signing_in<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    match path {
        "/login" => on(app.browser(), path, path, &[("email", seed::ANA), ("password", seed::PASSWORD)]).await,
        "/login/code" => {
            let (browser, phone) = half(app).await;
            on(browser, path, path, &[("code", &phone.code())]).await
        }
        "/login/recovery-code" => {
            let (browser, _) = half(app).await;
            on(browser, path, path, &[("code", app.with_recovery_code(seed::ANA).await)]).await
        }
        "/login/email-code" => {
            app.with_email_codes(seed::ANA).await;
            let browser = app.browser();
            browser.open("/login").await.sign_in(seed::ANA).await.expect(path, 200);
            let code = app.mail_to(seed::ANA).await.code().unwrap();
            on(browser, path, path, &[("code", &code)]).await
        }
        "/login/enroll" | "/login/recovery-codes" => {
            organization(app, "acme", r#"{"second_factor":"required"}"#).await;
            join(app, "acme", seed::ANA, false).await;
            let browser = app.browser();
            let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
            let code = Authenticator::scan(app, &page).code();
            let page = if path == "/login/enroll" { page } else { page.give_code(&code).await.expect(path, 200) };
            let fields = [("code", code.as_str())];
            let form = filled(page, path, if path == "/login/enroll" { &fields } else { &[] });
            Ready { browser, form }
        }
        _ => panic!("{path}: say how its form is met"),
    }
}

async fn my_account<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    let browser = app.browser_of(seed::ANA).await;
    let fields: &[(&str, &str)] = match path {
        "/account/confirm" => {
            app.seconds_pass(301);
            return on(browser, "/account/password", path, &[("password", seed::PASSWORD)]).await;
        }
        "/account/applications" => {
            browser.open(&app.authorize(seed::TICKETING).url()).await.allow_if_asked().await.code();
            &[]
        }
        "/account/delete/cancel" => {
            let page = browser.open("/account/delete").await.click("Delete my account").await;
            page.expect("/account/delete/done", 200);
            let mails = app.mails().await;
            let text = &mails.iter().find(|mail| mail.text.contains(path)).unwrap().text;
            let link = text.split_whitespace().find(|word| word.contains(path)).unwrap();
            return on(app.browser(), &relative(link), path, &[]).await;
        }
        "/account/sessions" => {
            app.browser_of(seed::ANA).await;
            &[]
        }
        "/account/logout" => return on(browser, "/account", path, &[]).await,
        "/account/activity/notify" => {
            app.change_user(seed::BRUNO, |user| user.administrator = true).await;
            return on(browser, "/account/activity", path, &[("words", "help")]).await;
        }
        "/account/activity/not-me" => return on(browser, "/account/activity", path, &[]).await,
        "/account/email" => &[("email", "ana.souza@example.net")],
        "/account/password" => &NEW_PASSWORD,
        "/account/profile" => &[("name", "Somebody else")],
        "/account/data" | "/account/delete" => &[],
        _ => panic!("{path}: say how its form is met"),
    };
    on(browser, path, path, fields).await
}

async fn authentication<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    const TAB: &str = "/account/authentication";
    match path {
        "/account/authentication/totp/new" => on(app.browser_of(seed::ANA).await, TAB, path, &[]).await,
        "/account/authentication/email-codes" => on(app.browser_of(seed::ANA).await, TAB, path, &[("email_codes", "1")]).await,
        "/account/authentication/totp" => {
            let browser = app.browser_of(seed::ANA).await;
            let page = browser.open(path).await;
            let code = Authenticator::scan(app, &page).code();
            let form = filled(page, path, &[("code", &code)]);
            Ready { browser, form }
        }
        DEVICES | "/account/authentication/code" => {
            let (browser, phone) = half(app).await;
            let page = browser.open("/login/code").await.tamper("trust", "1").give_code(&phone.code()).await;
            page.expect("/account", 200);
            if path == DEVICES {
                return on(browser, TAB, path, &[]).await;
            }
            browser.forget_cookie("__Host-vestibule-session");
            browser.open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
            on(browser, "/account/authentication/disable", path, &[("code", &phone.next_code())]).await
        }
        "/account/authentication/disable" | "/account/authentication/recovery-codes" => {
            let (browser, phone) = half(app).await;
            browser.open("/login/code").await.give_code(&phone.code()).await.expect("/account", 200);
            on(browser, path, path, &[]).await
        }
        _ => panic!("{path}: say how its form is met"),
    }
}

/// Forms that a mail leads to, or that send one.
async fn by_mail<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    let browser = app.browser();
    let reset = async || browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let sign_up = async || browser.open("/sign-up").await.fill("Email", EVE).click("Continue").await;
    let form = match path {
        "/password/reset" => filled(browser.open(path).await, path, &[("email", seed::ANA)]),
        "/password/reset/again" => {
            let page = reset().await;
            app.seconds_pass(120);
            filled(page, path, &[])
        }
        "/password/reset/sent" => {
            let page = reset().await;
            filled(page, path, &[("code", &app.mail("password_reset", seed::ANA).await.text("code"))])
        }
        "/password/reset/finish" => {
            reset().await;
            filled(browser.open(&app.mail("password_reset", seed::ANA).await.path("link")).await, path, &NEW_PASSWORD)
        }
        "/sign-up" => filled(browser.open(path).await, path, &[("email", EVE)]),
        "/sign-up/sent" => {
            let page = sign_up().await;
            filled(page, path, &[("code", &app.mail("confirm_email", EVE).await.text("code"))])
        }
        "/sign-up/finish" => {
            sign_up().await;
            filled(browser.open(&app.mail("confirm_email", EVE).await.path("link")).await, path, &NEW_PASSWORD)
        }
        "/invitation" => {
            let invitation = Invitation { email: EVE.to_owned(), name: None, locale: None, organization: None, inviter: None };
            let link = registration::invite(&app.app, &invitation, &Origin::default(), "test").await.unwrap();
            filled(browser.open(&relative(&link)).await, path, &NEW_PASSWORD)
        }
        "/email/confirm" | "/email/confirm/send" => return address(app, path).await,
        _ => panic!("{path}: say how its form is met"),
    };
    Ready { browser, form }
}

async fn address<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    app.change_user(seed::BRUNO, |user| user.email_verified = false).await;
    let browser = app.browser_of(seed::BRUNO).await;
    let page = browser.open("/account/email").await;
    if path == "/email/confirm/send" {
        let form = filled(page, path, &[]);
        return Ready { browser, form };
    }
    let page = page.click("Send a confirmation").await.expect(path, 200);
    let form = filled(page, path, &[("code", &app.mail("confirm_email", seed::BRUNO).await.text("code"))]);
    Ready { browser, form }
}
