//! A client with a key of its own, and the page on which it publishes it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};
use josekit::jwk::{Jwk, KeyPair as _};
use josekit::jws::{ES256, JwsSigner as _};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use vestibule::store::clients::AuthMethod;

use super::{Credentials, ISSUER, TestApp, TokenRequest};

/// An ES256 key.
pub struct ClientKey {
    pub kid: String,
    public: Jwk,
    private: Jwk,
}

impl ClientKey {
    pub fn new(kid: &str) -> Self {
        let pair = ES256.generate_key_pair().unwrap();
        let (mut public, private) = (pair.to_jwk_public_key(), pair.to_jwk_private_key());
        public.set_key_id(kid);
        Self { kid: kid.to_owned(), public, private }
    }

    pub fn public(&self) -> Value {
        Value::Object(self.public.as_ref().clone())
    }

    pub fn private(&self) -> Value {
        Value::Object(self.private.as_ref().clone())
    }

    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.public()] })
    }

    /// What this client says of itself at this moment, to be changed.
    pub fn claims(app: &TestApp, client_id: &str) -> Value {
        let now = app.now().secs();
        let jti = vestibule::secret::random_id().to_string();
        json!({ "iss": client_id, "sub": client_id, "aud": ISSUER, "exp": now + 60, "iat": now, "jti": jti })
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = compact(header, claims);
        let signature = ES256.signer_from_jwk(&self.private).unwrap().sign(input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A correct assertion.
    pub fn assertion(&self, app: &TestApp, client_id: &str) -> String {
        self.sign(&json!({ "alg": "ES256", "kid": self.kid }), &Self::claims(app, client_id))
    }

    /// The request with a correct assertion instead of what it had.
    pub fn signed(&self, app: &TestApp, client_id: &str, request: TokenRequest) -> TokenRequest {
        with_assertion(request, &self.assertion(app, client_id))
    }
}

/// Header and claims, as they are signed.
pub fn compact(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

pub fn with_assertion(request: TokenRequest, assertion: &str) -> TokenRequest {
    request
        .credentials(Credentials::Nothing)
        .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        .with("client_assertion", assertion)
}

impl TestApp {
    /// From now on this client signs; its keys are these, or at this address.
    pub async fn client_signs(&self, client_id: &str, jwks: Option<Value>, jwks_uri: Option<&str>) {
        let jwks_uri = jwks_uri.map(str::to_owned);
        self.change_client(client_id, |client| {
            client.metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
            (client.metadata.jwks, client.metadata.jwks_uri) = (jwks, jwks_uri);
            client.secrets = Vec::new();
        })
        .await;
    }
}

#[derive(Clone)]
struct Shown {
    answer: Arc<Mutex<(u16, String)>>,
    calls: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

/// A page on loopback that says what it is told to say, and counts who asks.
pub struct KeyPage {
    pub url: String,
    shown: Shown,
    task: tokio::task::JoinHandle<()>,
}

impl KeyPage {
    pub async fn showing(jwks: &Value) -> Self {
        let shown = Shown { answer: Arc::default(), calls: Arc::default(), gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)) };
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", socket.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(shown.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(socket, router).await;
        });
        let page = Self { url, shown, task };
        page.show(200, &jwks.to_string());
        page
    }

    /// A redirect's text is where to.
    pub fn show(&self, status: u16, text: &str) {
        *self.shown.answer.lock().unwrap() = (status, text.to_owned());
    }

    pub fn calls(&self) -> usize {
        self.shown.calls.load(Ordering::SeqCst)
    }

    /// Nobody is answered until [`open`](Self::open).
    pub fn close(&self) {
        self.shown.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub fn open(&self) {
        self.shown.gate.add_permits(1000);
    }

    /// Until somebody has asked so often.
    pub async fn called(&self, times: usize) {
        let enough = async {
            while self.calls() < times {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), enough).await.unwrap();
    }
}

impl Drop for KeyPage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shown): State<Shown>) -> Response {
    shown.calls.fetch_add(1, Ordering::SeqCst);
    let _open = shown.gate.acquire().await.unwrap();
    let (status, text) = shown.answer.lock().unwrap().clone();
    let status = StatusCode::from_u16(status).unwrap();
    if status.is_redirection() { (status, [(header::LOCATION, text)]).into_response() } else { (status, text).into_response() }
}
