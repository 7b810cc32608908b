//! The canary: recognisable secrets go through the real flows, and then everything that is written or answered is searched for them.
//! SECURITY LG-1, LG-3, AD-3; OWASP ASVS 5 §14.2.4, §16.2.5.

mod commands;
mod search;

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sea_orm::ConnectionTrait as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use vestibule::account::not_me;
use vestibule::account::registration::{self, Invitation};
use vestibule::audit::Origin;
use vestibule::secret::{Purpose, Secret};
use vestibule::store::{settings, signing_keys};

use self::search::{Planted, Search};
use crate::device;
use crate::harness::{Answer, Authenticator, Browser, Credentials, TestApp, TokenRequest, seed};
use crate::routes::acts_unlock;

const PASSWORD: &str = "canary umbrella over the wet meadow";
const WRONG_PASSWORD: &str = "canary parrot in the dark cellar";
const WRONG_SECRET: &str = "vst_cs_canary-0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SMTP_PASSWORD: &str = "canary-smtp-4f1e9a77";

static LISTENING: AtomicBool = AtomicBool::new(false);
static LINES: Mutex<String> = Mutex::new(String::new());
static SPANS: AtomicU64 = AtomicU64::new(1);

/// Everything that is logged by anything in this process, at every level, while the test listens.
struct Everything;

struct Words<'l>(&'l mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {field}={value}");
    }
}

fn keep(metadata: Option<&Metadata<'_>>, visit: impl FnOnce(&mut Words<'_>)) {
    let mut line = metadata.map_or_else(String::new, |metadata| format!("{} {}", metadata.target(), metadata.name()));
    visit(&mut Words(&mut line));
    let mut lines = LINES.lock().unwrap();
    lines.push_str(&line);
    lines.push('\n');
}

impl tracing::Subscriber for Everything {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // At whatever level the log is: the program writes no more than this.
        LISTENING.load(Ordering::Relaxed) && vestibule::telemetry::may_be_written(metadata)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        keep(Some(span.metadata()), |words| span.record(words));
        Id::from_u64(SPANS.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        keep(None, |words| values.record(words));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        keep(Some(event.metadata()), |words| event.record(words));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Requests that fail, each with a secret in it: what was sent does not come back.
async fn errors(app: &TestApp, planted: &[Planted]) -> Vec<Answer> {
    let post = |name: &str, value: &str, path: &str| TokenRequest::new(Credentials::of(seed::AUTOTALK)).with(name, value).build(path);
    let mut answers = Vec::new();
    for (_, secret) in planted {
        answers.push(app.send(post("token", secret, "/introspect")).await);
        answers.push(app.send(post("token", secret, "/revoke")).await);
        answers.push(app.send(post("grant_type", secret, "/token")).await);
        answers.push(app.userinfo(&secret.replace(|c: char| !c.is_ascii_graphic(), "-")).await);
        answers.push(app.token(TokenRequest::code(seed::AUTOTALK, secret)).await);
        answers.push(app.token(TokenRequest::refresh(seed::AUTOTALK, secret)).await);
        let wrong = Credentials::Basic(seed::AUTOTALK.to_owned(), secret.clone());
        answers.push(app.token(TokenRequest::client_credentials(seed::AUTOTALK).credentials(wrong)).await);
        let query = form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
        answers.push(app.get(&format!("/password/reset/finish?token={query}")).await);
        answers.push(app.get(&app.authorize(seed::AUTOTALK).with("request", secret).url()).await);
        answers.push(app.get(&app.authorize(seed::AUTOTALK).with("id_token_hint", secret).url()).await);
    }
    answers
}

/// Every page of a SQLite file with its log; every row of every table on PostgreSQL.
async fn database(app: &TestApp) -> Vec<u8> {
    if let Some(file) = app.database.url.strip_prefix("sqlite://") {
        let read = |ending: &str| std::fs::read(format!("{file}{ending}")).unwrap_or_default();
        return [read(""), read("-wal"), read("-shm")].concat();
    }
    let connection = sea_orm::Database::connect(&app.database.url).await.unwrap();
    let rows = |sql: String| {
        let connection = &connection;
        async move {
            let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
            let rows = connection.query_all_raw(statement).await.unwrap();
            rows.into_iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<String>>()
        }
    };
    let mut all = String::new();
    for table in rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'".to_owned()).await {
        all.push_str(&rows(format!("SELECT t::text FROM \"{table}\" t")).await.join("\n"));
    }
    // What is kept as bytes is printed as hexadecimal: put it back.
    let mut bytes = all.clone().into_bytes();
    for hex in all.split("\\x").skip(1) {
        let digits: Vec<u8> = hex.bytes().take_while(u8::is_ascii_hexdigit).collect();
        bytes.extend(digits.chunks_exact(2).filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()));
    }
    bytes
}

/// Password, second factor, tokens, reset: what a person and an application ever hold. What may be in a mail comes second.
async fn live(app: &TestApp) -> (Vec<Planted>, Vec<Planted>) {
    let mut planted: Vec<Planted> = Vec::new();
    let browser = app.browser();
    let page = browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    let mail = app.mail("password_reset", seed::ANA).await;
    let link = mail.path("link");
    let token = link.split_once("token=").unwrap().1.split('&').next().unwrap().to_owned();
    drop(page);
    let page = browser.open(&link).await.fill("New password", PASSWORD).fill("Confirm new password", PASSWORD).click("Save").await;
    page.expect("/login", 200).sign_in_with(seed::ANA, WRONG_PASSWORD).await;
    browser.open("/login").await.sign_in_with(seed::ANA, PASSWORD).await.expect("/account", 200);
    let page = browser.open("/account/authentication").await.click("Enable two-factor authentication").await;
    planted.push(("TOTP secret", page.text_at("#secret-key").unwrap().replace(' ', "")));
    let phone = Authenticator::scan(app, &page);
    let page = page.fill("Verification code", &phone.code()).click("Verify and enable").await;
    for number in 1..=10 {
        let code = page.text_at(&format!("#recovery-codes li:nth-child({number})")).unwrap();
        planted.push(("recovery code", code.replace('-', "")));
        planted.push(("recovery code as it is shown", code));
    }
    page.click("I have saved them").await;
    let scope = "openid email offline_access";
    let code = browser.open(&app.authorize(seed::AUTOTALK).with("scope", scope).url()).await.allow_if_asked().await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let refreshed = app.token(TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap())).await.expect(200).json();
    app.userinfo(refreshed["access_token"].as_str().unwrap()).await.expect(200);
    app.introspect(Credentials::of(seed::API), refreshed["access_token"].as_str().unwrap()).await.expect(200);
    for (answer, name) in [(&tokens, "first"), (&refreshed, "second")] {
        assert!(!name.is_empty());
        planted.push(("access token", answer["access_token"].as_str().unwrap().to_owned()));
        planted.push(("refresh token", answer["refresh_token"].as_str().unwrap().to_owned()));
    }
    planted.push(("ID token", tokens["id_token"].as_str().unwrap().to_owned()));
    planted.push(("authorization code", code));
    cookies(&browser, &mut planted);
    device_codes(app, &browser, &mut planted).await;
    half_way(app, &phone, &mut planted).await;
    planted.extend([
        ("password", PASSWORD.to_owned()),
        ("password that was wrong", WRONG_PASSWORD.to_owned()),
        ("client secret", seed::SECRET.to_owned()),
        ("client secret that was wrong", WRONG_SECRET.to_owned()),
        ("SMTP password", SMTP_PASSWORD.to_owned()),
    ]);
    for entry in std::fs::read_dir(&app.app.config.keys.directory).unwrap() {
        let content = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        planted.push(("key-encryption key", content.trim().to_owned()));
    }
    let name = "recovery-code-pepper";
    let pepper = settings::find(&app.app.store.read(), name).await.unwrap().unwrap();
    planted
        .push(("pepper of recovery codes", STANDARD.encode(app.app.sealer.open_bytes(Purpose::Pepper, name.as_bytes(), &pepper).unwrap())));
    planted.push(("database password", commands::DATABASE_PASSWORD.to_owned()));
    let url = url::Url::parse(&app.database.url).unwrap();
    planted.extend(url.password().map(|password| ("database password", password.to_owned())));
    for key in signing_keys::list(&app.app.store.read()).await.unwrap() {
        let private = app.app.sealer.open_bytes(Purpose::SigningKey, key.id.as_bytes(), &key.sealed_private_key).unwrap();
        // The end of it: how such a key begins is no secret.
        planted.push(("private signing key", STANDARD.encode(&private[private.len() / 2 / 3 * 3..])));
        // Of an elliptic curve: the number itself, as a JWK would have it (RFC 5915 §3: an octet string of 32).
        let scalar = private.windows(34).find(|window| window[..2] == [4, 32] && private.len() < 200);
        planted.extend(scalar.map(|scalar| ("private signing key", URL_SAFE_NO_PAD.encode(&scalar[2..]))));
    }
    let mut mailed = vec![("reset token", token)];
    by_mail(app, &browser, &mut mailed).await;
    (planted, mailed)
}

/// Everything a browser keeps that lets it in somewhere.
fn cookies(browser: &Browser<'_>, planted: &mut Vec<Planted>) {
    let before = planted.len();
    for name in browser.cookie_names().iter().filter(|name| !name.ends_with("-language")) {
        planted.extend(browser.cookie(name).filter(|value| value.len() >= 20).map(|value| ("cookie", value)));
    }
    assert!(planted.len() > before);
}

/// The two codes of a device: by its link, typed, and polled for.
async fn device_codes(app: &TestApp, browser: &Browser<'_>, planted: &mut Vec<Planted>) {
    device::clients(app).await;
    let device::Asked { device_code, user_code, .. } = device::begin(app, device::TV, "openid").await;
    app.browser().open(&format!("/device?user_code={user_code}")).await.expect("/device", 200);
    device::enter(browser, &user_code).await.expect("/device/confirm", 200).click("#device-allow").await.expect("/device/done", 200);
    planted.push(("user code without its dash", user_code.replace('-', "")));
    planted.push(("user code", user_code));
    planted.push(("device code", device_code));
}

/// A sign-in that waits for its second factor, a trusted device, a code by mail.
async fn half_way(app: &TestApp, phone: &Authenticator<'_>, planted: &mut Vec<Planted>) {
    let pending = app.browser();
    pending.open("/login").await.sign_in_with(seed::ANA, PASSWORD).await.expect("/login/code", 200);
    assert!(pending.cookie("__Host-vestibule-pending-sign-in").is_some());
    cookies(&pending, planted);
    let trusted = app.browser();
    let page = trusted.open("/login").await.sign_in_with(seed::ANA, PASSWORD).await.expect("/login/code", 200);
    page.tamper("trust", "1").give_code(&phone.next_code()).await.expect("/account", 200);
    for name in ["trusted-device", "known-device"] {
        assert!(trusted.cookie(&format!("__Host-vestibule-{name}")).is_some(), "{name}");
    }
    cookies(&trusted, planted);
}

/// What is in mails, and nowhere else: links of an invitation, a new address, a sign-up, "this wasn't me"; codes.
async fn by_mail(app: &TestApp, signed_in: &Browser<'_>, mailed: &mut Vec<Planted>) {
    let token = |link: &str| {
        let token = link.split_once("token=").unwrap_or_else(|| panic!("{link}")).1;
        token.split('&').next().unwrap().to_owned()
    };
    let invitation = Invitation { email: "eve@example.test".to_owned(), name: None, locale: None, organization: None, inviter: None };
    let link = registration::invite(&app.app, &invitation, &Origin::default(), "canary").await.unwrap();
    mailed.push(("invitation", token(&link)));
    let link = not_me::link(&app.app, &app.user(seed::ANA).await, app.now());
    mailed.push(("not-me link", token(&link)));
    let opened = app.browser();
    opened.open(link.strip_prefix(crate::harness::ISSUER).unwrap()).await.expect("/not-me", 200);
    cookies(&opened, mailed);
    app.change_user(seed::BRUNO, |user| user.email_verified = false).await;
    let bruno = app.browser_of(seed::BRUNO).await;
    bruno.open("/account/email").await.click("Send a confirmation").await.expect("/email/confirm", 200);
    let mail = app.mail("confirm_email", seed::BRUNO).await;
    mailed.push(("confirmation", token(&mail.path("link"))));
    mailed.push(("code of a confirmation", mail.text("code")));
    cookies(&bruno, mailed);
    app.change_user(seed::CARLA, |user| user.enabled = true).await;
    app.with_email_codes(seed::CARLA).await;
    app.browser().open("/login").await.sign_in(seed::CARLA).await.expect("/login/email-code", 200);
    mailed.push(("code of a sign-in", app.mail_to(seed::CARLA).await.code().unwrap()));
    signed_in.open("/account").await.expect("/account", 200);
    mailed.push(("unlock link", token(&acts_unlock::link(app).await)));
}

/// Requests that succeed, of everybody who may ask: none of the answers brings a secret that was not asked for.
async fn successes(app: &TestApp, planted: &[Planted]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for path in ["/.well-known/openid-configuration", "/jwks", "/login", "/health/ready"] {
        answers.push(app.get(path).await.expect(200));
    }
    let last = |wanted: &str| planted.iter().rev().find(|(name, _)| *name == wanted).unwrap().1.clone();
    answers.push(app.userinfo(&last("access token")).await.expect(200));
    for wanted in ["access token", "refresh token"] {
        answers.push(app.introspect(Credentials::of(seed::AUTOTALK), &last(wanted)).await.expect(200));
    }
    let browser = app.browser_of(seed::BRUNO).await;
    for page in ["", "/profile", "/email", "/authentication", "/applications", "/sessions", "/activity", "/data", "/password"] {
        answers.push(browser.open(&format!("/account{page}")).await.expect(&format!("/account{page}"), 200).answer);
    }
    answers.push(browser.open("/account/data").await.click("#data-submit").await.answer);
    answers
}

/// Nothing that opens anything is in a log line of any level, in an error, in a page of the database, or in a mail where it has no business.
#[tokio::test]
async fn no_secret_is_written_or_answered_anywhere() {
    tracing::subscriber::set_global_default(Everything).unwrap();
    LISTENING.store(true, Ordering::Relaxed);
    let app = TestApp::with(|config| {
        config.mail.smtp_username = Some("canary".to_owned());
        config.mail.smtp_password = Some(Secret::new(SMTP_PASSWORD.to_owned()));
    })
    .await;
    tracing::trace!(config = ?app.app.config, "the settings, as a careless line would have them");
    let (planted, mailed) = live(&app).await;
    let all: Vec<Planted> = planted.iter().chain(&mailed).cloned().collect();
    let (unmailed, any) = (Search::for_all(&planted), Search::for_all(&all));
    for answer in successes(&app, &planted).await {
        any.finds_nothing(&format!("the answer to {}", answer.asked.split('?').next().unwrap_or_default()), &answer.body);
    }
    for answer in errors(&app, &all).await {
        let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect::<Vec<_>>().concat();
        any.finds_nothing(&format!("the answer to {}", answer.asked.split('?').next().unwrap_or_default()), &answer.body);
        unmailed.finds_nothing("a header of an error", headers.as_bytes());
    }
    vestibule::jobs::audit::seal(&app.app).await.unwrap();
    any.finds_nothing("the database", &database(&app).await);
    let directory = tempfile::tempdir().unwrap();
    for (command, said) in commands::said(&app, directory.path()) {
        any.finds_nothing(&command, &said);
    }
    let mails = app.mails().await.iter().map(|mail| format!("{mail:?}")).collect::<Vec<_>>().concat();
    assert!(mails.contains("ana@example.test"));
    unmailed.finds_nothing("a mail", mails.as_bytes());
    let mut config = app.app.config.clone();
    config.database.url = Secret::new(format!("postgres://canary:{}@db.test/vestibule", commands::DATABASE_PASSWORD));
    let settings = format!("{config:?} {}", serde_json::to_string(&config).unwrap_or_default());
    any.finds_nothing("the settings as they are printed", settings.as_bytes());
    LISTENING.store(false, Ordering::Relaxed);
    let lines = std::mem::take(&mut *LINES.lock().unwrap());
    assert!(lines.contains("sign_in.failed"), "the log was listened to");
    lines.lines().for_each(|line| any.finds_nothing(&format!("the log: {}", line.split(' ').next().unwrap_or_default()), line.as_bytes()));
    any.finds_nothing("the log", lines.as_bytes());
    let everybody = Search::for_all(&[("e-mail address", "ana@example.test".to_owned())]);
    everybody.finds_nothing("the log", lines.as_bytes());
    let metrics = app.app.metrics.render();
    any.finds_nothing("the metrics", metrics.as_bytes());
    everybody.finds_nothing("the metrics", metrics.as_bytes());
    assert!(metrics.contains("route=\"/token\"") && lines.contains("http.route=/token"), "requests were measured and traced");
}
