//! `/userinfo` (OpenID Connect Core §5.3): the claims the granted scopes stand for.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::app::App;
use crate::oauth::bearer::{self, Refusal};
use crate::oauth::{answer, grant_life};
use crate::store::users::User;
use crate::store::{self, grants, memberships};
use crate::tokens::claims;
use crate::tokens::custom_scope::{About, Place};
use crate::tokens::scope::Scope;
use crate::web::{Params, ParamsError, StrictForm, StrictQuery};

/// `GET /userinfo`.
///
/// # Errors
/// RFC 6750 §3.1.
pub async fn get(State(app): State<App>, headers: HeaderMap, StrictQuery(query): StrictQuery) -> Result<Response, Refusal> {
    answer(&app, &headers, &query?, &Params::default()).await
}

/// `POST /userinfo`: the token in the header, or in a urlencoded body (RFC 6750 §2.2).
///
/// # Errors
/// RFC 6750 §3.1.
pub async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery,
    StrictForm(form): StrictForm,
) -> Result<Response, Refusal> {
    let form = match form {
        // A post with its token in the header has no body to speak of.
        Err(ParamsError::ContentType) => Params::default(),
        other => other?,
    };
    answer(&app, &headers, &query?, &form).await
}

async fn answer(app: &App, headers: &HeaderMap, query: &Params, form: &Params) -> Result<Response, Refusal> {
    let token = bearer::token(headers, query, form)?;
    let now = app.now();
    let claims = bearer::access_claims(app, &token, now).await;
    let claims = claims.ok_or_else(|| Refusal::invalid_token("not an access token of this server, or expired"))?;
    let scope = Scope::parse(&claims.scope).unwrap_or_default();
    if !scope.contains("openid") {
        return Err(Refusal::Scope("openid"));
    }
    let grant_id = claims.grant_id.ok_or_else(|| Refusal::invalid_token("the access token stands for no person"))?;
    if !app.clients.find(&claims.client_id).await?.is_some_and(|client| client.enabled) {
        return Err(Refusal::invalid_token("the client is disabled"));
    }
    let context = grants::find_context(&app.store.read(), grant_id).await?;
    let context = context.ok_or_else(|| Refusal::invalid_token(grant_life::Dead::Revoked.description()))?;
    grant_life::check(&context, &app.config, now).map_err(|dead| Refusal::invalid_token(dead.description()))?;
    let mut about = claims::of_scope(&context.user, &scope);
    about.extend(released(app, &context.user, &scope).await?);
    Ok(answer::json(StatusCode::OK, &about))
}

/// What scopes beside the standard ones release.
async fn released(app: &App, user: &User, scope: &Scope) -> store::Result<Map<String, Value>> {
    let scopes = app.scopes.all().await?;
    let organizations = if scopes.asks_for_organizations(scope, &[Place::Userinfo]) {
        memberships::list_by_user(&app.store.read(), user.id).await?
    } else {
        Vec::new()
    };
    Ok(scopes.claims(scope, Place::Userinfo, Some(About { user, organizations: &organizations })))
}
