//! Every URL on one screen.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use futures_util::FutureExt as _;
use tower::util::option_layer;

use crate::account::{console, setup};
use crate::app::App;
use crate::interaction::{choose_account, consent, login};
use crate::oauth::{authorize, cors, introspect, revoke, token};
use crate::oidc::{discovery, jwks, logout, userinfo};
use crate::ratelimit::edge::Group;
use crate::web::{ErrorKind, Locale, PageError, Visit, headers, page_error, statics, visit};
use crate::{health, home};

/// The whole service.
pub fn router(app: &App) -> Router {
    let pages = Router::new()
        .route("/", get(home::get))
        .route("/login", get(login::get).post(login::post))
        .route("/choose-account", get(choose_account::get).post(choose_account::post))
        .route("/consent", get(consent::get).post(consent::post))
        .route("/account", get(console::get))
        .route("/account/logout", post(console::post_logout))
        .route("/setup", get(setup::get).post(setup::post))
        .route("/logout", get(logout::get).post(logout::post))
        .route("/logout/confirm", post(logout::confirm::post))
        .route("/logged-out", get(logout::done::get))
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/authorize/resume", get(authorize::resume))
        .route_layer(option_layer(app.edge.layer(Group::SignIn)))
        .route_layer(option_layer(app.edge.layer(Group::Pages)));

    let clients = Router::new()
        .route("/token", open(post(token::post)))
        .route("/revoke", open(post(revoke::post)))
        .route("/introspect", post(introspect::post))
        .route_layer(option_layer(app.edge.layer(Group::Token)));

    let userinfo = Router::new()
        .route("/userinfo", open(get(userinfo::get).post(userinfo::post)))
        .route_layer(option_layer(app.edge.layer(Group::Userinfo)));

    let metadata = Router::new()
        .route("/.well-known/openid-configuration", open(get(discovery::get)))
        .route("/.well-known/oauth-authorization-server", open(get(discovery::get)))
        .route("/jwks", open(get(jwks::get)))
        .route("/static/{file}", get(statics::get).with_state(app.pages.clone()))
        .route_layer(option_layer(app.edge.layer(Group::Metadata)));

    let probes = Router::new().route("/health/live", get(health::live)).route("/health/ready", get(health::ready));

    Router::new()
        .merge(pages)
        .merge(clients)
        .merge(userinfo)
        .merge(metadata)
        .merge(probes)
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app.clone())
        .layer(from_fn_with_state(app.clone(), survive))
        .layer(from_fn_with_state(page_error::Settings { pages: app.pages.clone(), clock: app.clock.clone() }, page_error::layer))
        .layer(from_fn(log))
        .layer(from_fn_with_state(Arc::new(visit_settings(app)), visit::layer))
        .layer(from_fn_with_state(headers::Settings { https: app.issuer.is_https() }, headers::layer))
}

fn visit_settings(app: &App) -> visit::Settings {
    let default_locale = Locale::ALL.into_iter().find(|locale| locale.tag() == app.config.brand.default_locale).unwrap_or_default();
    visit::Settings { issuer: app.issuer.clone(), trusted_proxies: app.config.server.trusted_proxies.clone(), default_locale }
}

/// Browsers' scripts of any origin may call this (no cookies are involved).
fn open(routes: MethodRouter<App>) -> MethodRouter<App> {
    routes.options(cors::preflight).layer(middleware::from_fn(cors::layer))
}

async fn nothing_here() -> PageError {
    PageError::new(ErrorKind::NotFound)
}

async fn wrong_method() -> PageError {
    PageError::new(ErrorKind::MethodNotAllowed)
}

/// A request that takes too long or panics ends with an error page; the process and the other requests go on.
async fn survive(axum::extract::State(app): axum::extract::State<App>, request: Request, next: Next) -> Response {
    let work = std::panic::AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(app.config.server.request_timeout.0, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => PageError::because(ErrorKind::Internal, "a handler panicked").into_response(),
        Err(_) => PageError::because(ErrorKind::Busy { retry_after: 5 }, "server.request_timeout").into_response(),
    }
}

/// One line per request; never the query, which may carry sealed values and hints.
async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let visit = request.extensions().get::<Arc<Visit>>().cloned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let (address, request_id) = visit.as_ref().map(|visit| (visit.address, visit.request_id.as_str())).unzip();
    tracing::info!(target: "access", %method, path, status, ?address, request_id, "answered");
    response
}
