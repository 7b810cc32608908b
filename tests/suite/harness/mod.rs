//! Driving the real router in process: a fresh database, a clock that moves when told, people and applications that are always there.

mod answer;
mod authenticator;
mod browser;
mod client_key;
mod database;
mod listener;
mod mails;
mod outbox;
mod page;
mod passkey;
mod relying_party;
mod request;
pub mod seed;
mod snapshot;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use vestibule::app::App;
use vestibule::clock::{Clock, TestClock, Timestamp};
use vestibule::config::{Config, MailTransport};
use vestibule::secret::Secret;
use vestibule::store::clients::{self, Client};
use vestibule::store::users::{self, User};

pub use answer::{Answer, assert_description};
pub use authenticator::Authenticator;
pub use browser::Browser;
pub use client_key::{ClientKey, KeyPage, compact, with_assertion};
pub use database::Database;
pub use listener::Listener;
pub use mails::Mailbox;
pub use page::Page;
pub use passkey::Passkey;
pub use relying_party::RelyingParty;
pub use request::{AuthorizeRequest, Credentials, TokenRequest, VERIFIER, basic, claims_of, header_of, redirect_uri};
pub use snapshot::Snapshot;

pub const ISSUER: &str = "https://idp.test";

/// Settings as the tests need them: cheap hashing, no limits by address, everything else as shipped.
pub fn config(keys: &Path, url: Secret<String>) -> Config {
    let mut config = Config::default();
    config.server.public_url = Some(ISSUER.parse().unwrap());
    config.database.url = url;
    config.database.max_connections = 4;
    config.database.migrate_on_start = false;
    config.keys.directory = keys.to_path_buf();
    config.password.memory_kib = 64;
    config.password.iterations = 1;
    config.password.hash_threads = 1;
    config.password.hash_deadline = "60s".parse().unwrap();
    config.limits.enabled = false;
    config
}

/// The service, alone with one test.
pub struct TestApp {
    pub app: App,
    pub clock: Arc<TestClock>,
    pub database: Database,
    /// Goes with the test; see `mails`.
    pub mailbox: Mailbox,
    router: Router,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let database = Database::fresh().await;
        let template = database::template();
        let clock = Arc::new(TestClock::at(template.start));
        let mut config = config(&template.keys(), Secret::new(database.url.clone()));
        let mailbox = Mailbox::new();
        config.mail.transport = MailTransport::File;
        config.mail.directory = mailbox.directory();
        change(&mut config);
        let app = App::open(config, Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
        let router = vestibule::routes::router(&app);
        Self { app, clock, database, mailbox, router }
    }

    /// Stops and starts the service on the same database.
    pub async fn restart(&mut self) {
        self.restart_with(|_| {}).await;
    }

    /// The same with other settings.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        self.app.store.close().await;
        let mut config = self.app.config.clone();
        change(&mut config);
        self.app = App::open(config, Arc::clone(&self.clock) as Arc<dyn Clock>).await.unwrap();
        self.router = vestibule::routes::router(&self.app);
    }

    /// A second process on the same database, with the same clock. Its mail is its own.
    pub async fn replica(&self) -> Self {
        let mailbox = Mailbox::new();
        let mut config = self.app.config.clone();
        config.mail.directory = mailbox.directory();
        let app = App::open(config, Arc::clone(&self.clock) as Arc<dyn Clock>).await.unwrap();
        let router = vestibule::routes::router(&app);
        Self { app, clock: Arc::clone(&self.clock), database: self.database.shared(), mailbox, router }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub fn seconds_pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Sends a request from 192.0.2.1, as it is. Every request takes a millisecond.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from("192.0.2.1:40000".parse().unwrap(), request).await
    }

    pub async fn send_from(&self, address: SocketAddr, request: Request<Body>) -> Answer {
        self.clock.advance(Duration::from_millis(1));
        let answer = through(self.router.clone(), address, request).await;
        answer::assert_promises(&answer);
        answer
    }

    /// The router, for concurrent use.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    pub async fn get(&self, path_and_query: &str) -> Answer {
        self.send(Request::get(path_and_query).body(Body::empty()).unwrap()).await
    }

    pub async fn method(&self, method: Method, path: &str) -> Answer {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    /// A new browser with no cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// A browser in which this person has signed in at My Account.
    pub async fn browser_of(&self, email: &str) -> Browser<'_> {
        let browser = self.browser();
        browser.open("/login").await.sign_in(email).await;
        assert!(browser.cookie("__Host-vestibule-session").is_some(), "{email} has signed in");
        browser
    }

    /// The `openidconnect` crate as a client of ours.
    pub async fn relying_party(&self, client_id: &str) -> RelyingParty<'_> {
        RelyingParty::discover(self, client_id).await
    }

    /// A correct authorization request of this client, to be changed.
    #[expect(clippy::unused_self, reason = "it reads as a request to this service")]
    pub fn authorize(&self, client_id: &str) -> AuthorizeRequest {
        AuthorizeRequest::of(client_id)
    }

    /// A code for this client, from a browser in which the person has just signed in.
    pub async fn code(&self, client_id: &str, scope: &str) -> String {
        let browser = self.browser_of(seed::ANA).await;
        browser.open(&self.authorize(client_id).with("scope", scope).url()).await.allow_if_asked().await.code()
    }

    /// Tokens for this client and scope.
    pub async fn tokens(&self, client_id: &str, scope: &str) -> serde_json::Value {
        let code = self.code(client_id, scope).await;
        self.token(TokenRequest::code(client_id, &code)).await.expect(200).json()
    }

    pub async fn token(&self, request: TokenRequest) -> Answer {
        self.send(request.build("/token")).await
    }

    pub async fn introspect(&self, credentials: Credentials, token: &str) -> Answer {
        self.send(TokenRequest::new(credentials).with("token", token).build("/introspect")).await
    }

    pub async fn revoke(&self, credentials: Credentials, token: &str) -> Answer {
        self.send(TokenRequest::new(credentials).with("token", token).build("/revoke")).await
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        self.send(bearer("/userinfo", access_token)).await
    }

    /// Whether the access token still opens something.
    pub async fn is_alive(&self, access_token: &str) -> bool {
        self.userinfo(access_token).await.status == 200
    }

    /// Changes a client that is there.
    pub async fn change_client(&self, client_id: &str, change: impl FnOnce(&mut Client)) {
        let mut client = clients::find(&self.app.store.read(), client_id).await.unwrap().unwrap();
        change(&mut client);
        self.app
            .store
            .write(move |conn| {
                let client = client.clone();
                Box::pin(async move { clients::update(conn, &client).await })
            })
            .await
            .unwrap();
        self.app.clients.forget(client_id);
    }

    pub async fn user(&self, email: &str) -> User {
        users::find_by_email(&self.app.store.read(), email).await.unwrap().unwrap()
    }

    pub async fn user_or_none(&self, email: &str) -> Option<User> {
        users::find_by_email(&self.app.store.read(), email).await.unwrap()
    }

    pub async fn change_user(&self, email: &str, change: impl FnOnce(&mut User)) {
        let mut user = self.user(email).await;
        change(&mut user);
        self.app
            .store
            .write(move |conn| {
                let user = user.clone();
                Box::pin(async move { users::update(conn, &user).await })
            })
            .await
            .unwrap();
    }

    /// The names of the audit events so far, newest first.
    pub async fn audit(&self) -> Vec<String> {
        let events = vestibule::store::audit_events::list(&self.app.store.read(), 100).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

/// Sends one request through a router.
pub async fn through(router: Router, address: SocketAddr, mut request: Request<Body>) -> Answer {
    let asked = format!("{} {}", request.method(), request.uri());
    request.headers_mut().entry("host").or_insert_with(|| "idp.test".parse().unwrap());
    request.extensions_mut().insert(ConnectInfo(address));
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body, asked }
}

pub fn encode(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

pub fn bearer(path: &str, access_token: &str) -> Request<Body> {
    Request::get(path).header("authorization", format!("Bearer {access_token}")).body(Body::empty()).unwrap()
}
