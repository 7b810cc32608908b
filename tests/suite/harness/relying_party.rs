//! The `openidconnect` crate as a real client: what it accepts, somebody else has verified.

use axum::Router;
use axum::body::Body;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdTokenClaims, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IdToken, IdTokenClaims, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenResponse as _, UserInfoClaims,
};
use url::Url;
use vestibule::store::clients::{self, AuthMethod, Client};

use super::{ISSUER, TestApp, redirect_uri, seed, through};

type Discovered = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

pub struct RelyingParty<'a> {
    app: &'a TestApp,
    client: Client,
    oidc: Discovered,
}

/// What an application remembers between sending the browser away and getting it back.
pub struct Started {
    pub url: Url,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// What it has in the end, verified by the crate.
pub struct SignedIn {
    pub tokens: CoreTokenResponse,
    pub claims: CoreIdTokenClaims,
}

impl SignedIn {
    pub fn id_token(&self) -> String {
        self.tokens.id_token().unwrap().to_string()
    }

    pub fn refresh_token(&self) -> Option<&str> {
        self.tokens.refresh_token().map(|token| token.secret().as_str())
    }
}

/// The router as the crate's HTTP client.
async fn call(router: Router, request: HttpRequest) -> Result<HttpResponse, std::convert::Infallible> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    parts.uri = path.parse().unwrap();
    let answer = through(router, "192.0.2.80:50000".parse().unwrap(), http::Request::from_parts(parts, Body::from(body))).await;
    let mut response = http::Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

impl<'a> RelyingParty<'a> {
    pub async fn discover(app: &'a TestApp, client_id: &str) -> Self {
        let client = clients::find(&app.app.store.read(), client_id).await.unwrap().unwrap();
        let router = app.router();
        let http = |request| call(router.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(IssuerUrl::new(ISSUER.to_owned()).unwrap(), &http).await.unwrap();
        let secret = client.metadata.token_endpoint_auth_method.has_secret().then(|| ClientSecret::new(seed::SECRET.to_owned()));
        let auth_type = match client.metadata.token_endpoint_auth_method {
            AuthMethod::ClientSecretBasic => AuthType::BasicAuth,
            AuthMethod::ClientSecretPost | AuthMethod::PrivateKeyJwt | AuthMethod::None => AuthType::RequestBody,
        };
        let oidc = CoreClient::from_provider_metadata(metadata, ClientId::new(client_id.to_owned()), secret)
            .set_redirect_uri(RedirectUrl::new(redirect_uri(client_id)).unwrap())
            .set_auth_type(auth_type);
        Self { app, client, oidc }
    }

    /// An authorization request with everything the crate knows to protect it.
    pub fn start(&self, scopes: &[&str]) -> Started {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = self
            .oidc
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge);
        let (url, state, nonce) = request.url();
        Started { url, state, nonce, verifier }
    }

    /// Takes the browser back: checks `state` and `iss`, redeems the code, verifies the ID token.
    pub async fn finish(&self, started: Started, callback: &Url) -> SignedIn {
        let param = |name: &str| callback.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
        assert_eq!(param("state").as_ref(), Some(started.state.secret()), "{callback}");
        assert_eq!(param("iss").as_deref(), Some(ISSUER), "RFC 9207 §2: {callback}");
        let code = param("code").unwrap_or_else(|| panic!("no code: {callback}"));
        let router = self.app.router();
        let http = |request| call(router.clone(), request);
        let request = self.oidc.exchange_code(AuthorizationCode::new(code)).unwrap().set_pkce_verifier(started.verifier);
        let tokens = request.request_async(&http).await.unwrap_or_else(|error| panic!("{error:?}"));
        let claims = self.verify(&tokens, &started.nonce);
        SignedIn { tokens, claims }
    }

    /// Signature, issuer, audience, times and nonce by the crate; `at_hash` by hand, as it asks its users to.
    fn verify(&self, tokens: &CoreTokenResponse, nonce: &Nonce) -> CoreIdTokenClaims {
        let now = chrono::DateTime::from_timestamp_millis(self.app.now().millis()).unwrap();
        let algorithm: CoreJwsSigningAlgorithm =
            serde_json::from_value(serde_json::json!(self.client.metadata.id_token_signed_response_alg.name())).unwrap();
        let verifier = self.oidc.id_token_verifier().set_allowed_algs([algorithm]).set_time_fn(move || now);
        let id_token = tokens.id_token().expect("an ID token");
        let claims = id_token.claims(&verifier, nonce).unwrap_or_else(|error| panic!("{error:?}"));
        let expected = claims.access_token_hash().expect("at_hash");
        let signing_key = id_token.signing_key(&verifier).unwrap();
        let actual = AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg().unwrap(), signing_key).unwrap();
        assert_eq!(&actual, expected);
        claims.clone()
    }

    pub async fn refresh(&self, refresh_token: &str) -> CoreTokenResponse {
        let router = self.app.router();
        let http = |request| call(router.clone(), request);
        let token = RefreshToken::new(refresh_token.to_owned());
        let answer = self.oidc.exchange_refresh_token(&token).unwrap().request_async(&http).await;
        answer.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The whole journey in a fresh browser: sign in, allow, come back.
    pub async fn sign_in(&self, email: &str, scopes: &[&str]) -> SignedIn {
        let browser = self.app.browser();
        let started = self.start(scopes);
        let page = browser.open(started.url.as_str()).await.sign_in(email).await.allow_if_asked().await;
        let callback = page.callback().clone();
        self.finish(started, &callback).await
    }

    /// The ID token with claims of one's own, verified again.
    pub fn id_token_as<AC: AdditionalClaims + Clone>(&self, signed_in: &SignedIn) -> IdTokenClaims<AC, CoreGenderClaim> {
        type Token<AC> = IdToken<AC, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
        let now = chrono::DateTime::from_timestamp_millis(self.app.now().millis()).unwrap();
        let token: Token<AC> = signed_in.id_token().parse().unwrap();
        let verifier = self.oidc.id_token_verifier().set_time_fn(move || now);
        let claims = token.claims(&verifier, |_: Option<&Nonce>| Ok(())).unwrap_or_else(|error| panic!("{error:?}"));
        claims.clone()
    }

    /// Claims from userinfo, checked by the crate to be about the same person.
    pub async fn userinfo(&self, signed_in: &SignedIn) -> openidconnect::core::CoreUserInfoClaims {
        self.userinfo_as(signed_in).await
    }

    /// The same with claims of one's own.
    pub async fn userinfo_as<AC: AdditionalClaims>(&self, signed_in: &SignedIn) -> UserInfoClaims<AC, CoreGenderClaim> {
        let router = self.app.router();
        let http = |request| call(router.clone(), request);
        let request = self.oidc.user_info(signed_in.tokens.access_token().clone(), Some(signed_in.claims.subject().clone())).unwrap();
        request.request_async(&http).await.unwrap_or_else(|error| panic!("{error:?}"))
    }
}
