//! A relying application as its developer would write it: axum and the `openidconnect` crate, nothing of Vestibule's own code.
//!
//! Authorization code with PKCE, ID-token verification, userinfo, refresh, RP-initiated logout, back-channel logout.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Form, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, http};
use http::{HeaderMap, StatusCode, header};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreTokenResponse, CoreUserInfoClaims};
use openidconnect::{
    AccessToken, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RefreshToken, Scope, TokenResponse as _,
};
use serde_json::Value;

use crate::logout_token;

pub type Problem = Box<dyn std::error::Error + Send + Sync>;
type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Where the application lives and what the provider knows it as.
pub struct Registration {
    pub name: &'static str,
    pub client_id: &'static str,
    pub client_secret: &'static str,
    /// Its own address, without a trailing slash.
    pub base_url: String,
}

/// A person signed in at this application.
struct Session {
    /// The ID token as received, for the logout request.
    id_token: CoreIdToken,
    claims: Value,
    userinfo: Value,
    refresh_token: Option<RefreshToken>,
    refreshed: u32,
}

/// What is remembered between the redirect to the provider and the way back, by `state`.
struct Pending {
    verifier: PkceCodeVerifier,
    nonce: Nonce,
}

pub struct RelyingParty {
    registration: Registration,
    metadata: ProviderMetadataWithLogout,
    client: Client,
    http: reqwest::Client,
    pending: Mutex<HashMap<String, Pending>>,
    sessions: Mutex<HashMap<String, Session>>,
}

impl RelyingParty {
    /// Reads the provider's discovery document and prepares the client.
    pub async fn discover(issuer: &str, registration: Registration) -> Result<Arc<Self>, Problem> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        let issuer = IssuerUrl::new(issuer.to_owned())?;
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, &|request| send(http.clone(), request)).await?;
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(registration.client_id.to_owned()),
            Some(ClientSecret::new(registration.client_secret.to_owned())),
        )
        .set_redirect_uri(RedirectUrl::new(format!("{}/callback", registration.base_url))?);
        Ok(Arc::new(Self { registration, metadata, client, http, pending: Mutex::default(), sessions: Mutex::default() }))
    }

    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/", get(front_page))
            .route("/login", get(login))
            .route("/callback", get(callback))
            .route("/refresh", post(refresh))
            .route("/logout", post(logout))
            .route("/signed-out", get(signed_out))
            .route("/backchannel-logout", post(backchannel_logout))
            .with_state(self)
    }

    /// Cookies are shared by all ports of a host, so each application needs names of its own.
    fn cookie(&self, what: &str) -> String {
        format!("{}-{what}", self.registration.client_id)
    }

    fn session_key(&self, headers: &HeaderMap) -> Option<String> {
        cookie_value(headers, &self.cookie("session"))
    }

    /// Verifies the ID token (signature, issuer, audience, expiry, nonce) and asks userinfo.
    async fn session_from(&self, tokens: &CoreTokenResponse, nonce: Option<&Nonce>, refreshed: u32) -> Result<Session, Problem> {
        let id_token = tokens.id_token().ok_or("the provider sent no ID token")?;
        let verifier = self.client.id_token_verifier();
        let claims = match nonce {
            Some(nonce) => id_token.claims(&verifier, nonce)?,
            // A refreshed ID token carries no nonce (OpenID Connect Core §12.2).
            None => id_token.claims(&verifier, |_: Option<&Nonce>| Ok(()))?,
        };
        let subject = claims.subject().clone();
        let access_token: AccessToken = tokens.access_token().clone();
        let userinfo: CoreUserInfoClaims =
            self.client.user_info(access_token, Some(subject))?.request_async(&|request| send(self.http.clone(), request)).await?;
        Ok(Session {
            claims: logout_token::payload(&id_token.to_string())?,
            userinfo: serde_json::to_value(&userinfo)?,
            id_token: id_token.clone(),
            refresh_token: tokens.refresh_token().cloned(),
            refreshed,
        })
    }

    fn render(&self, session: Option<&Session>, notice: Option<&str>) -> Result<Html<String>, Problem> {
        let mut templates = minijinja::Environment::new();
        templates.add_template("page.html", include_str!("page.html"))?;
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
        let page = serde_json::json!({
            "application": self.registration.name,
            "issuer": self.metadata.issuer().as_str(),
            "notice": notice,
            "signed_in": session.is_some(),
            "who": session.and_then(|s| s.userinfo.get("name").or_else(|| s.userinfo.get("email"))),
            "claims": session.map(|s| pretty(&s.claims)),
            "userinfo": session.map(|s| pretty(&s.userinfo)),
            "can_refresh": session.is_some_and(|s| s.refresh_token.is_some()),
            "refreshed": session.map_or(0, |s| s.refreshed),
        });
        Ok(Html(templates.get_template("page.html")?.render(minijinja::value::Serde(&page))?))
    }
}

/// A failure on the way, told to the person with a way on.
struct Failure(Problem);

impl<E: Into<Problem>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, format!("Signing in failed: {}. Go back to / and try again.\n", self.0)).into_response()
    }
}

async fn front_page(State(rp): State<Arc<RelyingParty>>, headers: HeaderMap) -> Result<Html<String>, Failure> {
    let key = rp.session_key(&headers);
    let sessions = lock(&rp.sessions);
    Ok(rp.render(key.and_then(|key| sessions.get(&key)), None)?)
}

/// To the provider: state against forgery, nonce and PKCE against stolen codes.
async fn login(State(rp): State<Arc<RelyingParty>>) -> Response {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = rp.client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
    for scope in ["profile", "email"] {
        request = request.add_scope(Scope::new(scope.to_owned()));
    }
    let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
    let state = state.into_secret();
    lock(&rp.pending).insert(state.clone(), Pending { verifier, nonce });
    (set_cookie(&rp.cookie("state"), &state), Redirect::to(url.as_str())).into_response()
}

#[derive(serde::Deserialize)]
struct Answer {
    state: String,
    iss: String,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Back from the provider.
async fn callback(State(rp): State<Arc<RelyingParty>>, headers: HeaderMap, Query(answer): Query<Answer>) -> Result<Response, Failure> {
    if cookie_value(&headers, &rp.cookie("state")).as_deref() != Some(&answer.state) {
        return Err("this answer belongs to another browser".into());
    }
    // RFC 9207: an answer from another provider must not be taken for this one's.
    if answer.iss != rp.metadata.issuer().as_str() {
        return Err("this answer comes from another provider".into());
    }
    let pending = lock(&rp.pending).remove(&answer.state).ok_or("this sign-in is over")?;
    let Some(code) = answer.code else {
        let why = answer.error_description.or(answer.error).unwrap_or_default();
        return Ok(rp.render(None, Some(&why))?.into_response());
    };
    let tokens = rp
        .client
        .exchange_code(AuthorizationCode::new(code))?
        .set_pkce_verifier(pending.verifier)
        .request_async(&|request| send(rp.http.clone(), request))
        .await?;
    let session = rp.session_from(&tokens, Some(&pending.nonce), 0).await?;
    let key = CsrfToken::new_random().into_secret();
    lock(&rp.sessions).insert(key.clone(), session);
    Ok((set_cookie(&rp.cookie("session"), &key), Redirect::to("/")).into_response())
}

async fn refresh(State(rp): State<Arc<RelyingParty>>, headers: HeaderMap) -> Result<Redirect, Failure> {
    let key = rp.session_key(&headers).ok_or("you are not signed in here")?;
    let (token, refreshed) = {
        let sessions = lock(&rp.sessions);
        let session = sessions.get(&key).ok_or("you are not signed in here")?;
        (session.refresh_token.clone().ok_or("there is no refresh token")?, session.refreshed)
    };
    let answer = rp.client.exchange_refresh_token(&token)?.request_async(&|request| send(rp.http.clone(), request)).await;
    match answer {
        Ok(tokens) => {
            let session = rp.session_from(&tokens, None, refreshed.saturating_add(1)).await?;
            lock(&rp.sessions).insert(key, session);
        }
        // The provider has ended the session: so do we.
        Err(_) => drop(lock(&rp.sessions).remove(&key)),
    }
    Ok(Redirect::to("/"))
}

/// RP-initiated logout: here first, then at the provider, which tells the other applications.
async fn logout(State(rp): State<Arc<RelyingParty>>, headers: HeaderMap) -> Result<Redirect, Failure> {
    let session = rp.session_key(&headers).and_then(|key| lock(&rp.sessions).remove(&key));
    let endpoint = rp.metadata.additional_metadata().end_session_endpoint.clone().ok_or("the provider has no logout")?;
    let back = PostLogoutRedirectUrl::new(format!("{}/signed-out", rp.registration.base_url))?;
    let mut request = LogoutRequest::from(endpoint)
        .set_client_id(ClientId::new(rp.registration.client_id.to_owned()))
        .set_post_logout_redirect_uri(back)
        .set_state(CsrfToken::new_random());
    if let Some(session) = &session {
        request = request.set_id_token_hint(&session.id_token);
    }
    Ok(Redirect::to(request.http_get_url().as_str()))
}

async fn signed_out(State(rp): State<Arc<RelyingParty>>) -> Result<Html<String>, Failure> {
    Ok(rp.render(None, Some("You have logged out."))?)
}

#[derive(serde::Deserialize)]
struct LogoutNotice {
    logout_token: String,
}

/// OpenID Connect Back-Channel Logout §2.5: the provider says that a session is over.
async fn backchannel_logout(State(rp): State<Arc<RelyingParty>>, Form(notice): Form<LogoutNotice>) -> StatusCode {
    match logout_token::verify(&notice.logout_token, &rp.metadata, rp.registration.client_id) {
        Ok(sid) => {
            lock(&rp.sessions).retain(|_, session| session.claims.get("sid").and_then(Value::as_str) != Some(&sid));
            StatusCode::OK
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// The `openidconnect` crate brings no HTTP client of its own here; this hands its requests to reqwest.
async fn send(http: reqwest::Client, request: openidconnect::HttpRequest) -> Result<openidconnect::HttpResponse, reqwest::Error> {
    let answer = http.execute(request.try_into()?).await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = openidconnect::HttpResponse::new(answer.bytes().await?.to_vec());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn set_cookie(name: &str, value: &str) -> [(http::HeaderName, String); 1] {
    [(header::SET_COOKIE, format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"))]
}

fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(header::COOKIE)?.to_str().ok()?;
    text.split("; ").filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
