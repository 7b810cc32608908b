//! Minting: the one place where tokens are made, and the answer of RFC 6749 §5.1.
//!
//! What has to be read is read ([`released`]) before a code is redeemed or a refresh token rotated: nothing after that may fail for want of the
//! database, or who was told to try again would come with something that is used.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::App;
use crate::clock::Timestamp;
use crate::oauth::answer;
use crate::oauth::client_request::ClientRequest;
use crate::oauth::error::Error;
use crate::secret::random_id;
use crate::store::grants::Grant;
use crate::store::memberships;
use crate::store::users::User;
use crate::tokens::access::{self, AccessClaims, Audience};
use crate::tokens::custom_scope::{About, Place, Scopes};
use crate::tokens::id_token::{self, IdTokenContent};
use crate::tokens::refresh::{self, RefreshToken};
use crate::tokens::scope::Scope;

/// What is to be issued.
#[derive(Debug)]
pub(super) struct Issuance {
    /// Of the access token.
    pub(super) scope: Scope,
    pub(super) released: Released,
    /// None: the client acts for itself.
    pub(super) delegation: Option<Delegation>,
}

/// On whose behalf, and by which grant.
#[derive(Debug)]
pub(super) struct Delegation {
    pub(super) user: User,
    pub(super) grant: Grant,
    /// Only in the first ID token: OpenID Connect Core §12.2 leaves it out of those that follow.
    pub(super) nonce: Option<String>,
    /// Generation of the refresh token that goes out, if one does.
    pub(super) refresh_generation: Option<i64>,
}

/// RFC 6749 §5.1, OpenID Connect Core §3.1.3.3.
#[derive(Serialize)]
struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

/// What scopes beside the standard ones release, and for whom.
#[derive(Debug, Default)]
pub(super) struct Released {
    audience: Vec<String>,
    access_token: Map<String, Value>,
    id_token: Map<String, Value>,
}

/// # Errors
/// `server_error` when there is no key.
pub(super) fn answer(app: &App, request: &ClientRequest, issuance: &Issuance) -> Result<Response, Error> {
    let delegation = issuance.delegation.as_ref();
    let expires_at = expiry(app, delegation, request.now);
    let Released { audience, access_token, id_token } = &issuance.released;
    let mut claims = access_claims(app, request, issuance, expires_at);
    claims.aud = Audience::of(app.issuer.as_str(), audience.iter().map(String::as_str));
    claims.released.clone_from(access_token);
    let access_token = access::sign(&app.keys, &claims)?;
    let id_token = match delegation {
        Some(delegation) if issuance.scope.contains("openid") => {
            Some(sign_id_token(app, request, (&issuance.scope, delegation), &access_token, id_token.clone())?)
        }
        _ => None,
    };
    let refresh_token = delegation.and_then(|delegation| {
        let generation = delegation.refresh_generation?;
        Some(refresh::seal(&app.sealer, RefreshToken { grant_id: delegation.grant.id, generation }))
    });
    let body = Answer {
        access_token,
        token_type: "Bearer",
        expires_in: expires_at.secs().saturating_sub(request.now.secs()),
        scope: issuance.scope.to_string(),
        refresh_token,
        id_token,
    };
    Ok(answer::json(StatusCode::OK, &body))
}

/// What `scope` releases, about `user` if it is on somebody's behalf.
///
/// # Errors
/// The store's.
pub(super) async fn released(app: &App, request: &ClientRequest, scope: &Scope, user: Option<&User>) -> Result<Released, Error> {
    let scopes = app.scopes.all().await?;
    let everything = request.client().metadata.id_token_scope_claims;
    let organizations = match user {
        Some(user) if scopes.asks_for_organizations(scope, places(everything)) => {
            memberships::list_by_user(&app.store.read(), user.id).await?
        }
        _ => Vec::new(),
    };
    let about = user.map(|user| About { user, organizations: &organizations });
    let of = |place| Scopes::claims(&scopes, scope, place, about);
    let mut id_token = of(Place::IdToken);
    if everything {
        for (name, value) in of(Place::Userinfo) {
            id_token.entry(name).or_insert(value);
        }
    }
    let audience = scopes.audiences(scope).into_iter().map(str::to_owned).collect();
    Ok(Released { audience, access_token: of(Place::AccessToken), id_token })
}

/// Where the tokens' claims come from. `everything`: what userinfo has is in the ID token, too.
const fn places(everything: bool) -> &'static [Place] {
    if everything { &[Place::AccessToken, Place::IdToken, Place::Userinfo] } else { &[Place::AccessToken, Place::IdToken] }
}

/// An access token does not outlive its grant.
fn expiry(app: &App, delegation: Option<&Delegation>, now: Timestamp) -> Timestamp {
    let end = now.plus(app.config.tokens.access_token_ttl.0);
    delegation.map_or(end, |delegation| end.min(delegation.grant.expires_at))
}

fn access_claims(app: &App, request: &ClientRequest, issuance: &Issuance, expires_at: Timestamp) -> AccessClaims {
    let client_id = request.client().client_id.clone();
    let delegation = issuance.delegation.as_ref();
    let grant = delegation.map(|delegation| &delegation.grant);
    AccessClaims {
        iss: app.issuer.as_str().to_owned(),
        sub: delegation.map_or_else(|| client_id.clone(), |delegation| delegation.user.id.to_string()),
        aud: Audience::of(app.issuer.as_str(), []),
        client_id,
        exp: expires_at.secs(),
        iat: request.now.secs(),
        jti: random_id().to_string(),
        scope: issuance.scope.to_string(),
        auth_time: grant.map(|grant| grant.auth_time.secs()),
        acr: grant.map(|grant| grant.acr.clone()),
        amr: grant.map(|grant| grant.amr.clone()),
        grant_id: grant.map(|grant| grant.id),
        released: Map::new(),
    }
}

fn sign_id_token(
    app: &App,
    request: &ClientRequest,
    (scope, delegation): (&Scope, &Delegation),
    access_token: &str,
    released: Map<String, Value>,
) -> Result<String, Error> {
    let grant = &delegation.grant;
    let content = IdTokenContent {
        client: request.client(),
        user: &delegation.user,
        scope,
        session_id: grant.session_id,
        nonce: delegation.nonce.as_deref(),
        auth_time: grant.auth_time,
        acr: &grant.acr,
        amr: &grant.amr,
        access_token,
        released,
    };
    Ok(id_token::sign(&app.keys, &app.config, &content, request.now)?)
}
