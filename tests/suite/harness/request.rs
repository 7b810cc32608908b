//! Requests of applications: correct by default, spoilt on purpose.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use vestibule::secret::Digest;

use super::seed;

/// The code verifier of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).as_bytes())
}

/// Where a seeded client's answers go.
pub fn redirect_uri(client_id: &str) -> String {
    match client_id {
        seed::NATIVE => "http://127.0.0.1:51004/callback".to_owned(),
        id => format!("https://{id}.test/callback"),
    }
}

/// An authorization request.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest(Vec<(String, String)>);

impl AuthorizeRequest {
    /// With PKCE, `state`, `nonce` and `scope=openid`.
    pub fn of(client_id: &str) -> Self {
        let redirect_uri = redirect_uri(client_id);
        let challenge = challenge(VERIFIER);
        let pairs = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", &redirect_uri),
            ("scope", "openid"),
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// Sets a parameter.
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).also(name, value)
    }

    /// Adds a parameter, also if it is there already.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(n, _)| n != name);
        self
    }

    pub fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    pub fn url(&self) -> String {
        format!("/authorize?{}", self.query())
    }
}

/// How a client says who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    Basic(String, String),
    Post(String, String),
    /// A public client names itself.
    Public(String),
    Nothing,
}

impl Credentials {
    /// By the seeded client's registered method.
    pub fn of(client_id: &str) -> Self {
        match client_id {
            seed::TICKETING => Self::Post(client_id.to_owned(), seed::SECRET.to_owned()),
            seed::SPA | seed::NATIVE => Self::Public(client_id.to_owned()),
            _ => Self::Basic(client_id.to_owned(), seed::SECRET.to_owned()),
        }
    }
}

/// A form for the token, introspection or revocation endpoint.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    credentials: Credentials,
    form: Vec<(String, String)>,
}

impl TokenRequest {
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, form: Vec::new() }
    }

    /// The exchange of a code that [`AuthorizeRequest::of`] asked for.
    pub fn code(client_id: &str, code: &str) -> Self {
        Self::new(Credentials::of(client_id))
            .with("grant_type", "authorization_code")
            .with("code", code)
            .with("redirect_uri", &redirect_uri(client_id))
            .with("code_verifier", VERIFIER)
    }

    pub fn refresh(client_id: &str, refresh_token: &str) -> Self {
        Self::new(Credentials::of(client_id)).with("grant_type", "refresh_token").with("refresh_token", refresh_token)
    }

    pub fn client_credentials(client_id: &str) -> Self {
        Self::new(Credentials::of(client_id)).with("grant_type", "client_credentials")
    }

    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).also(name, value)
    }

    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.form.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.form.retain(|(n, _)| n != name);
        self
    }

    pub fn build(mut self, path: &str) -> Request<Body> {
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        match &self.credentials {
            Credentials::Basic(id, secret) => request = request.header("authorization", basic(id, secret)),
            Credentials::Post(id, secret) => {
                self.form.push(("client_id".to_owned(), id.clone()));
                self.form.push(("client_secret".to_owned(), secret.clone()));
            }
            Credentials::Public(id) => self.form.push(("client_id".to_owned(), id.clone())),
            Credentials::Nothing => {}
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.form).finish();
        request.body(Body::from(body)).unwrap()
    }
}

/// RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

/// A JWT's claims, unverified.
#[track_caller]
pub fn claims_of(jwt: &str) -> Value {
    part_of(jwt, 1)
}

/// A JWT's header.
#[track_caller]
pub fn header_of(jwt: &str) -> Value {
    part_of(jwt, 0)
}

#[track_caller]
fn part_of(jwt: &str, index: usize) -> Value {
    let part = jwt.split('.').nth(index).unwrap_or_else(|| panic!("not a JWT: {jwt}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
