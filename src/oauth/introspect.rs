//! `/introspect` (RFC 7662): is this token alive, and what may it do?
//!
//! For confidential clients, about their own tokens; for resource servers, about anybody's access tokens. Everything else is
//! `{"active": false}`, whatever the reason (RFC 7662 §2.2).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::bearer::access_claims;
use super::client_request::ClientRequest;
use super::error::{Code, Error};
use super::{answer, grant_life};
use crate::app::App;
use crate::clock::Timestamp;
use crate::store;
use crate::store::clients::Client;
use crate::store::grants::{self, GrantContext};
use crate::store::spent;
use crate::tokens::access::{AccessClaims, Audience};
use crate::tokens::refresh;

/// RFC 7662 §2.2.
#[derive(Default, Serialize)]
struct Answer {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<String>>,
    /// What the token says beside that.
    #[serde(flatten)]
    released: Map<String, Value>,
}

/// `POST /introspect`.
///
/// # Errors
/// RFC 6749 §5.2; never because of the token.
pub async fn post(State(app): State<App>, request: ClientRequest) -> Result<Response, Error> {
    let caller = request.client();
    if caller.is_public() {
        return Err(Error::new(Code::InvalidClient, "introspection needs a client with a secret (RFC 7662 section 2.1)"));
    }
    let token = request.required("token")?;
    let found = match access_claims(&app, token, request.now).await {
        Some(claims) => access_token(&app, caller, &claims, request.now).await?,
        None => refresh_token(&app, caller, token, request.now).await?,
    };
    Ok(answer::json(StatusCode::OK, &found.unwrap_or_default()))
}

async fn access_token(app: &App, caller: &Client, claims: &AccessClaims, now: Timestamp) -> store::Result<Option<Answer>> {
    let own = claims.client_id == caller.client_id;
    if !(own || caller.metadata.resource_server) || !is_alive(app, claims, now).await? {
        return Ok(None);
    }
    Ok(Some(Answer {
        active: true,
        scope: Some(claims.scope.clone()).filter(|scope| !scope.is_empty()),
        client_id: Some(claims.client_id.clone()),
        token_type: Some("Bearer"),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        sub: Some(claims.sub.clone()),
        aud: Some(claims.aud.clone()),
        iss: Some(claims.iss.clone()),
        jti: Some(claims.jti.clone()),
        auth_time: claims.auth_time,
        acr: claims.acr.clone(),
        amr: claims.amr.clone(),
        released: claims.released.clone(),
    }))
}

/// Its client is enabled and its grant stands; a token without a grant was not revoked by itself.
async fn is_alive(app: &App, claims: &AccessClaims, now: Timestamp) -> store::Result<bool> {
    if !app.clients.find(&claims.client_id).await?.is_some_and(|client| client.enabled) {
        return Ok(false);
    }
    let Some(grant_id) = claims.grant_id else {
        return Ok(!spent::find(&app.store.read(), spent::Kind::RevokedAccessToken, &claims.jti).await?);
    };
    let context = grants::find_context(&app.store.read(), grant_id).await?;
    Ok(context.is_some_and(|context| grant_life::check(&context, &app.config, now).is_ok()))
}

/// The current refresh token of the caller's own grant.
async fn refresh_token(app: &App, caller: &Client, token: &str, now: Timestamp) -> store::Result<Option<Answer>> {
    let Some(token) = refresh::open(&app.sealer, token) else { return Ok(None) };
    let Some(context) = grants::find_context(&app.store.read(), token.grant_id).await? else { return Ok(None) };
    let end = context.grant.expires_at.min(grant_life::idle_end(&context, &app.config));
    let alive = grant_life::check(&context, &app.config, now).is_ok() && now < end;
    let GrantContext { grant, user, .. } = context;
    if !alive || grant.client_id != caller.client_id || grant.generation != token.generation {
        return Ok(None);
    }
    Ok(Some(Answer {
        active: true,
        scope: Some(grant.scope),
        client_id: Some(grant.client_id),
        exp: Some(end.secs()),
        iat: Some(grant.rotated_at.secs()),
        sub: Some(user.id.to_string()),
        iss: Some(app.issuer.as_str().to_owned()),
        ..Answer::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inactive_token_is_nothing_but_inactive() {
        assert_eq!(serde_json::to_string(&Answer::default()).unwrap(), r#"{"active":false}"#);
    }
}
