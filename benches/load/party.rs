//! A relying party on one connection: what the rows measure, step by step, over plain HTTP as any client would.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::Problem;
use crate::http::{Answer, Connection, Jar};

pub const CLIENT_ID: &str = "load";
pub const CLIENT_SECRET: &str = "load-secret-of-at-least-thirty-two-characters";
pub const MACHINE_ID: &str = "machine";
pub const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
pub const EMAIL: &str = "load@example.test";
pub const PASSWORD: &str = "a password for load runs";

/// Paths of a provider, from its discovery document.
#[derive(Clone)]
pub struct Endpoints {
    pub authorize: String,
    pub token: String,
    pub userinfo: String,
    pub introspect: String,
    pub jwks: String,
}

impl Endpoints {
    pub async fn discover(address: SocketAddr) -> Result<Self, Problem> {
        let document = Connection::open(address).await?.get("/.well-known/openid-configuration", "").await?.expect(200)?.json()?;
        let path = |name: &str| -> Result<String, Problem> {
            let url = document.get(name).and_then(Value::as_str).ok_or_else(|| format!("no {name}"))?;
            Ok(url::Url::parse(url)?.path().to_owned())
        };
        Ok(Self {
            authorize: path("authorization_endpoint")?,
            token: path("token_endpoint")?,
            userinfo: path("userinfo_endpoint")?,
            introspect: path("introspection_endpoint")?,
            jwks: path("jwks_uri")?,
        })
    }
}

pub struct Party {
    pub connection: Connection,
    pub endpoints: Endpoints,
    jar: Jar,
    basic: String,
    machine_basic: String,
    verifier: String,
    authorize_path: String,
    refresh_token: String,
    access_token: String,
}

fn basic(id: &str) -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(format!("{id}:{CLIENT_SECRET}")))
}

fn encode(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

impl Party {
    pub async fn new(address: SocketAddr, endpoints: Endpoints) -> Result<Self, Problem> {
        let verifier = "load-verifier-load-verifier-load-verifier-load".to_owned();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let query = format!(
            "response_type=code&client_id={CLIENT_ID}&redirect_uri={}&scope=openid+profile+email&state=load&nonce=load&code_challenge={challenge}&code_challenge_method=S256",
            encode(REDIRECT_URI)
        );
        Ok(Self {
            connection: Connection::open(address).await?,
            authorize_path: format!("{}?{query}", endpoints.authorize),
            endpoints,
            jar: Jar::default(),
            basic: basic(CLIENT_ID),
            machine_basic: basic(MACHINE_ID),
            verifier,
            refresh_token: String::new(),
            access_token: String::new(),
        })
    }

    /// Signs in if a form asks for it; afterwards the session answers authorization requests by itself.
    pub async fn sign_in(&mut self) -> Result<(), Problem> {
        self.code().await?;
        Ok(())
    }

    pub async fn authorize(&mut self) -> Result<(), Problem> {
        self.code().await.map(drop)
    }

    /// An authorization request, followed to the code.
    async fn code(&mut self) -> Result<String, Problem> {
        let mut path = self.authorize_path.clone();
        for _ in 0..10 {
            let answer = self.connection.get(&path, &self.jar.header()).await?;
            self.jar.take(&answer);
            path = match answer.status {
                302 | 303 => location(&answer)?,
                200 => self.fill_in(&path, &answer).await?,
                other => return Err(format!("{path} answered {other}: {}", String::from_utf8_lossy(&answer.body)).into()),
            };
            if let Some(query) = path.strip_prefix(REDIRECT_URI) {
                let mut pairs = url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes());
                return pairs.find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()).ok_or_else(|| path.clone().into());
            }
            path = local(&path);
        }
        Err("the sign-in goes in circles".into())
    }

    async fn fill_in(&mut self, page: &str, answer: &Answer) -> Result<String, Problem> {
        let html = String::from_utf8_lossy(&answer.body).into_owned();
        let hidden = |name: &str| -> Result<String, Problem> {
            let at = html.find(&format!("name=\"{name}\"")).ok_or_else(|| format!("{page} has no {name}"))?;
            let rest = html.get(at..).unwrap_or_default();
            let value = rest.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("no value")?;
            Ok(value.to_owned())
        };
        let form = format!(
            "i={}&csrf_token={}&email={}&password={}",
            encode(&hidden("i")?),
            encode(&hidden("csrf_token")?),
            encode(EMAIL),
            encode(PASSWORD)
        );
        let answer = self.connection.post("/login", &self.jar.header(), &form).await?;
        self.jar.take(&answer);
        location(&answer)
    }

    /// Authorize from the session, then exchange the code.
    pub async fn login(&mut self) -> Result<(), Problem> {
        let code = self.code().await?;
        let form = format!(
            "grant_type=authorization_code&code={}&redirect_uri={}&code_verifier={}",
            encode(&code),
            encode(REDIRECT_URI),
            self.verifier
        );
        let tokens = self.connection.post(&self.endpoints.token, &self.basic, &form).await?.expect(200)?;
        self.keep(&tokens)
    }

    pub async fn refresh(&mut self) -> Result<(), Problem> {
        let form = format!("grant_type=refresh_token&refresh_token={}", encode(&self.refresh_token));
        let tokens = self.connection.post(&self.endpoints.token, &self.basic, &form).await?.expect(200)?;
        self.keep(&tokens)
    }

    fn keep(&mut self, tokens: &Answer) -> Result<(), Problem> {
        let tokens = tokens.json()?;
        let text = |name: &str| tokens.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("no {name} in {tokens}"));
        self.access_token = text("access_token")?;
        self.refresh_token = text("refresh_token")?;
        Ok(())
    }

    pub async fn client_credentials(&mut self) -> Result<(), Problem> {
        self.connection.post(&self.endpoints.token, &self.machine_basic, "grant_type=client_credentials").await?.expect(200).map(drop)
    }

    pub async fn userinfo(&mut self) -> Result<(), Problem> {
        let bearer = format!("authorization: Bearer {}\r\n", self.access_token);
        self.connection.get(&self.endpoints.userinfo, &bearer).await?.expect(200).map(drop)
    }

    pub async fn introspect(&mut self) -> Result<(), Problem> {
        let answer =
            self.connection.post(&self.endpoints.introspect, &self.basic, &format!("token={}", self.access_token)).await?.expect(200)?;
        if answer.json()?.get("active") != Some(&Value::Bool(true)) {
            return Err("the token is not active".into());
        }
        Ok(())
    }

    pub async fn discovery(&mut self) -> Result<(), Problem> {
        self.connection.get("/.well-known/openid-configuration", "").await?.expect(200).map(drop)
    }

    pub async fn jwks(&mut self) -> Result<(), Problem> {
        self.connection.get(&self.endpoints.jwks, "").await?.expect(200).map(drop)
    }

    /// A sign-in with a password, from a browser without cookies.
    pub async fn password_sign_in(&mut self) -> Result<(), Problem> {
        self.jar = Jar::default();
        self.code().await.map(drop)
    }
}

fn location(answer: &Answer) -> Result<String, Problem> {
    answer
        .header("location")
        .map(str::to_owned)
        .ok_or_else(|| format!("{} without location: {}", answer.status, String::from_utf8_lossy(&answer.body)).into())
}

/// The path and query of an address on the server itself.
fn local(location: &str) -> String {
    url::Url::parse(location)
        .map_or_else(|_| location.to_owned(), |url| url.as_str().get(url.origin().ascii_serialization().len()..).unwrap_or("/").to_owned())
}
