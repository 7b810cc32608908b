//! For the tests of this room and `oidc`: an [`App`] on a fresh SQLite file, a person with a session, clients, and requests to the
//! endpoints of this slice without the rest of the router.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::{introspect, revoke, token};
use crate::app::App;
use crate::clock::{Clock, TestClock, Timestamp};
use crate::config::Config;
use crate::oidc::userinfo;
use crate::secret::{Digest, Secret, random_id};
use crate::store::clients::{self, AuthMethod, Client, ClientSecret, GrantType, Metadata};
use crate::store::grants::Grant;
use crate::store::sessions::{self, Session};
use crate::store::users::{self, User};
use crate::store::{audit_events, consents};
use crate::tokens::code::{self, AuthorizationCode};
use crate::tokens::scope::Scope;

pub(crate) const START: Timestamp = Timestamp::from_secs(1_800_000_000);
pub(crate) const SECRET: &str = "vst_cs_a-secret-of-the-tests-and-of-nothing-else";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// A client id that looks different in `Basic`, which form-encodes it.
pub(crate) const ADDRESS_ID: &str = "https://app.example";
pub(crate) const REDIRECT_URI: &str = "https://app.example.test/cb";

pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) user: User,
    pub(crate) session: Session,
    router: Router,
    _directory: tempfile::TempDir,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn text(&self, member: &str) -> String {
        self.json[member].as_str().unwrap_or_else(|| panic!("no {member} in {:?}", self.json)).to_owned()
    }
}

impl House {
    /// With the confidential clients `app` (to which the person allows everything), `other` and [`ADDRESS_ID`], the public `spa`, the resource server `api`, and `service`, which acts for itself.
    pub(crate) async fn open() -> Self {
        Box::pin(Self::furnished()).await
    }

    async fn furnished() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.database.url = Secret::new(format!("sqlite://{}", directory.path().join("test.db").display()));
        config.keys.directory = directory.path().join("keys");
        let clock = Arc::new(TestClock::at(START));
        let app = App::open(config, Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
        let (user, session) = person();
        let all = [
            client("app", |_| ()),
            client("other", |_| ()),
            client("spa", |m| m.token_endpoint_auth_method = AuthMethod::None),
            client(ADDRESS_ID, |_| ()),
            client("api", |m| m.resource_server = true),
            client("service", |m| {
                m.grant_types = vec![GrantType::ClientCredentials];
                m.scope = "orders.read openid".to_owned();
            }),
        ];
        let (row, opened) = (user.clone(), session.clone());
        app.store
            .write(move |conn| {
                let (row, opened, all) = (row.clone(), opened.clone(), all.clone());
                Box::pin(async move {
                    users::insert(conn, &row).await?;
                    sessions::insert(conn, &opened).await?;
                    for client in &all {
                        clients::insert(conn, client).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
        let router = Router::new()
            .route("/token", post(token::post))
            .route("/introspect", post(introspect::post))
            .route("/revoke", post(revoke::post))
            .route("/userinfo", get(userinfo::get).post(userinfo::post))
            .with_state(app.clone());
        let house = Self { app, clock, user, session, router, _directory: directory };
        house.consent(&Scope::KNOWN.join(" ")).await;
        house
    }

    /// The code's content, for `app`.
    pub(crate) fn code(&self, scope: &str) -> AuthorizationCode {
        AuthorizationCode {
            id: crate::secret::id(self.app.now()),
            client_id: "app".to_owned(),
            redirect_uri: REDIRECT_URI.to_owned(),
            user_id: self.user.id,
            session_id: self.session.id,
            scope: scope.to_owned(),
            code_challenge: Some(CHALLENGE.to_owned()),
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            auth_time: START,
            amr: vec!["pwd".to_owned()],
            acr: "aal1".to_owned(),
            epoch: 0,
            issued_at: self.app.now(),
        }
    }

    pub(crate) fn seal(&self, code: &AuthorizationCode) -> String {
        code::seal(&self.app.sealer, &self.app.config.tokens, code)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, json }
    }

    /// A form, by a client with a secret.
    pub(crate) async fn post(&self, path: &str, client_id: &str, form: &[(&str, &str)]) -> Answer {
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{SECRET}", form_encoded(client_id))));
        self.send(request(path).header(header::AUTHORIZATION, basic).body(encoded(form)).unwrap()).await
    }

    pub(crate) async fn post_as_public(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(request(path).body(encoded(form)).unwrap()).await
    }

    pub(crate) async fn exchange(&self, client_id: &str, code: &str) -> Answer {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT_URI), ("code_verifier", VERIFIER)];
        self.post("/token", client_id, &form).await
    }

    pub(crate) async fn refresh(&self, client_id: &str, refresh_token: &str) -> Answer {
        self.post("/token", client_id, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// The first tokens of `app`, with consent to these scopes.
    pub(crate) async fn sign_in(&self, scope: &str) -> Answer {
        self.consent(scope).await;
        let answer = self.exchange("app", &self.seal(&self.code(scope))).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer
    }

    pub(crate) async fn consent(&self, scope: &str) {
        let consent = consents::Consent { user_id: self.user.id, client_id: "app".to_owned(), scope: scope.to_owned(), granted_at: START };
        self.app
            .store
            .write(move |conn| {
                let consent = consent.clone();
                Box::pin(async move { consents::update(conn, &consent).await })
            })
            .await
            .unwrap();
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send(Request::get("/userinfo").header(header::AUTHORIZATION, bearer).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn update_client(&self, client_id: &str, change: impl Fn(&mut Client)) {
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

    pub(crate) async fn update_user(&self, change: impl Fn(&mut User)) {
        let mut user = self.user.clone();
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

    pub(crate) async fn end_session(&self) {
        let (id, now) = (self.session.id, self.app.now());
        self.app.store.write(move |conn| Box::pin(sessions::revoke(conn, id, now))).await.unwrap();
    }

    /// Kinds of audit events so far, by name: on a clock that stands still they have no other order.
    pub(crate) async fn events(&self) -> Vec<String> {
        let events = audit_events::list(&self.app.store.read(), 100).await.unwrap();
        let mut kinds: Vec<String> = events.into_iter().map(|event| event.kind).filter(|kind| !kind.starts_with("key.")).collect();
        kinds.sort();
        kinds
    }

    /// Statements since `before`: reads, writes.
    pub(crate) fn statements_since(&self, before: (u64, u64)) -> (u64, u64) {
        let (reads, writes) = self.app.store.statement_counts();
        (reads - before.0, writes - before.1)
    }
}

/// As `Basic` wants it (RFC 6749 §2.3.1).
fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn request(path: &str) -> http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

fn encoded(form: &[(&str, &str)]) -> Body {
    Body::from(form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish())
}

fn person() -> (User, Session) {
    let user = User {
        id: random_id(),
        email: "ana@example.test".to_owned(),
        email_verified: true,
        profile: users::Profile { name: Some("Ana".to_owned()), ..users::Profile::default() },
        password_hash: None,
        enabled: true,
        suspended: false,
        administrator: false,
        auth_epoch: 0,
        created_at: START,
        updated_at: START,
        last_sign_in_at: None,
    };
    let session = Session {
        id: Uuid::from_u128(7),
        user_id: user.id,
        digest: Digest::of(b"cookie"),
        created_at: START,
        auth_time: START,
        last_seen_at: START,
        expires_at: START.plus(std::time::Duration::from_hours(12)),
        amr: vec!["pwd".to_owned()],
        acr: "aal1".to_owned(),
        epoch: 0,
        ended_at: None,
        second_factor_at: None,
        device: None,
        address: None,
        idle: None,
    };
    (user, session)
}

fn client(client_id: &str, change: impl Fn(&mut Metadata)) -> Client {
    let mut metadata = Metadata {
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        ..Metadata::default()
    };
    change(&mut metadata);
    Client {
        client_id: client_id.to_owned(),
        enabled: true,
        metadata,
        secrets: vec![ClientSecret { digest: Digest::of(SECRET.as_bytes()), created_at: START, expires_at: None }],
        managed: false,
        created_at: START,
        updated_at: START,
    }
}

/// A grant that has been refreshed so many times, the last time `now`.
pub(super) fn rotated(generation: i64, now: Timestamp) -> Grant {
    Grant {
        id: Uuid::nil(),
        client_id: "app".to_owned(),
        user_id: Uuid::nil(),
        session_id: Uuid::nil(),
        scope: "openid email".to_owned(),
        offline: false,
        auth_time: now,
        amr: vec![],
        acr: "aal1".to_owned(),
        nonce: None,
        generation,
        rotated_at: now,
        epoch: 0,
        created_at: now,
        expires_at: now,
        revoked_at: None,
        revoked_reason: None,
    }
}
