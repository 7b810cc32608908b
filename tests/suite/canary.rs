//! The canary: recognisable secrets go through the real flows, and then everything that is written or answered is searched for them.
//! SECURITY LG-1, LG-3, AD-3; OWASP ASVS 5 §14.2.4, §16.2.5.

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sea_orm::ConnectionTrait as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use vestibule::secret::Secret;

use crate::harness::{Answer, Authenticator, Credentials, TestApp, TokenRequest, seed};

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

fn keep(visit: impl FnOnce(&mut Words<'_>)) {
    let mut line = String::new();
    visit(&mut Words(&mut line));
    let mut lines = LINES.lock().unwrap();
    lines.push_str(&line);
    lines.push('\n');
}

impl tracing::Subscriber for Everything {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        LISTENING.load(Ordering::Relaxed)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        keep(|words| span.record(words));
        Id::from_u64(SPANS.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        keep(|words| values.record(words));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        keep(|words| event.record(words));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// A secret, and what it is.
type Planted = (&'static str, String);

/// What must not be found, as text and as the bytes it stands for.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let url = form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    vec![secret.as_bytes().to_vec(), url.into_bytes()]
}

#[track_caller]
fn absent(planted: &[Planted], place: &str, content: &[u8]) {
    for (name, secret) in planted {
        assert!(secret.len() >= 8, "{name} is too short to be told from anything else: {secret}");
        for form in forms(secret) {
            assert!(!content.windows(form.len()).any(|window| window == form), "the {name} is in {place}");
        }
    }
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
    let secret_cookies = ["__Host-vestibule-session", "__Host-vestibule-flow"];
    for name in secret_cookies {
        planted.extend(browser.cookie(name).filter(|value| value.len() >= 20).map(|value| ("cookie", value)));
    }
    assert!(planted.iter().any(|(name, _)| *name == "cookie"));
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
    (planted, vec![("reset token", token)])
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
    for answer in errors(&app, &all).await {
        let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect::<Vec<_>>().concat();
        absent(&all, &format!("the answer to {}", answer.asked.split('?').next().unwrap_or_default()), &answer.body);
        absent(&planted, "a header of an error", headers.as_bytes());
    }
    vestibule::jobs::audit::seal(&app.app).await.unwrap();
    absent(&all, "the database", &database(&app).await);
    let mails = app.mails().await.iter().map(|mail| format!("{mail:?}")).collect::<Vec<_>>().concat();
    assert!(mails.contains("ana@example.test"));
    absent(&planted, "a mail", mails.as_bytes());
    let settings = format!("{:?} {}", app.app.config, serde_json::to_string(&app.app.config).unwrap_or_default());
    absent(&all, "the settings as they are printed", settings.as_bytes());
    LISTENING.store(false, Ordering::Relaxed);
    let lines = std::mem::take(&mut *LINES.lock().unwrap());
    assert!(lines.contains("sign_in.failed"), "the log was listened to");
    absent(&all, "the log", lines.as_bytes());
    let everybody = [("e-mail address", "ana@example.test".to_owned())];
    absent(&everybody, "the log", lines.as_bytes());
    let metrics = app.app.metrics.render();
    absent(&all, "the metrics", metrics.as_bytes());
    absent(&everybody, "the metrics", metrics.as_bytes());
    assert!(metrics.contains("route=\"/token\"") && lines.contains("http.route=/token"), "requests were measured and traced");
}
