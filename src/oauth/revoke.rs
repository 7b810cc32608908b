//! `/revoke` (RFC 7009): a client gives a token back.
//!
//! Either token of a delegation ends the whole grant (RFC 7009 §2.1). A token nobody knows is answered 200 (§2.2), one of
//! another client is refused (§2.1). `token_type_hint` is tolerated and not needed: our tokens say what they are.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use uuid::Uuid;

use super::bearer::access_claims;
use super::client_request::ClientRequest;
use super::error::{Code, Error};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::store::grants::{self, Grant};
use crate::store::{self, Conn, spent};
use crate::tokens::access::AccessClaims;
use crate::tokens::refresh;

/// What is to end.
#[derive(Clone, Debug)]
enum Target {
    Grant {
        id: Uuid,
        user_id: Uuid,
        session_id: Uuid,
    },
    /// An access token without a grant.
    AccessToken {
        jti: String,
        expires_at: Timestamp,
    },
}

/// `POST /revoke`.
///
/// # Errors
/// RFC 6749 §5.2; `invalid_grant` for a token of another client.
pub async fn post(State(app): State<App>, request: ClientRequest) -> Result<Response, Error> {
    let token = request.required("token")?;
    let target = match access_claims(&app, token, request.now).await {
        Some(claims) => by_access_token(&app, &request, &claims).await?,
        None => by_refresh_token(&app, &request, token).await?,
    };
    if let Some(target) = target {
        end(&app, &request, target).await?;
    }
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response())
}

async fn by_access_token(app: &App, request: &ClientRequest, claims: &AccessClaims) -> Result<Option<Target>, Error> {
    refuse_foreign(request, &claims.client_id)?;
    match claims.grant_id {
        Some(id) => Ok(grants::find(&app.store.read(), id).await?.and_then(|grant| live(&grant))),
        None => Ok(Some(Target::AccessToken { jti: claims.jti.clone(), expires_at: Timestamp::from_secs(claims.exp) })),
    }
}

async fn by_refresh_token(app: &App, request: &ClientRequest, token: &str) -> Result<Option<Target>, Error> {
    let Some(token) = refresh::open(&app.sealer, token) else { return Ok(None) };
    let Some(grant) = grants::find(&app.store.read(), token.grant_id).await? else { return Ok(None) };
    refuse_foreign(request, &grant.client_id)?;
    Ok(live(&grant))
}

fn live(grant: &Grant) -> Option<Target> {
    grant.revoked_at.is_none().then_some(Target::Grant { id: grant.id, user_id: grant.user_id, session_id: grant.session_id })
}

fn refuse_foreign(request: &ClientRequest, client_id: &str) -> Result<(), Error> {
    if request.client().client_id == client_id {
        return Ok(());
    }
    Err(Error::new(Code::InvalidGrant, "the token was issued to another client"))
}

/// One transaction: the end and its audit event.
async fn end(app: &App, request: &ClientRequest, target: Target) -> store::Result<()> {
    let event = Event::new(Kind::TokenRevoked, &request.origin).client(&request.client().client_id);
    let event = match &target {
        Target::Grant { id, user_id, session_id } => event.grant(*id).user(*user_id).session(*session_id),
        Target::AccessToken { jti, .. } => event.detail("jti", jti.clone()),
    };
    let now = request.now;
    app.store
        .write(move |conn| {
            let (target, event) = (target.clone(), event.clone());
            Box::pin(async move { write(conn, &target, &event, now).await })
        })
        .await
}

async fn write(conn: &Conn<'_>, target: &Target, event: &Event, now: Timestamp) -> store::Result<()> {
    let ended = match target {
        Target::Grant { id, .. } => grants::revoke(conn, *id, "revoked", now).await?,
        Target::AccessToken { jti, expires_at } => spent::redeem(conn, spent::Kind::RevokedAccessToken, jti, *expires_at).await?,
    };
    if ended { audit::record(conn, event, now).await } else { Ok(()) }
}
