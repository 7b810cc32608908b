//! Every URL on one screen.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::FutureExt as _;
use http::StatusCode;
use tower::util::option_layer;

use crate::account::{authentication, confirm, console, email_confirmation, not_me, setup, unlock};
use crate::app::{App, Stage};
use crate::interaction::second_factor as factor;
use crate::interaction::{choose_account, consent, device, login, password_reset, sign_up};
use crate::oauth::{self, authorize, cors, introspect, revoke, token};
use crate::oidc::{discovery, jwks, logout, passkey_endpoints, userinfo};
use crate::ratelimit::edge::{self, Group};
use crate::web::{ErrorKind, Locale, PageError, Visit, headers, observe, page_error, statics, visit};
use crate::{health, home};

/// Pages of an application's request: it may have opened them in a window of its own and wait for the answer there.
const POP_UP_PATHS: [&str; 18] = [
    "/authorize",
    "/authorize/resume",
    "/login",
    "/login/code",
    "/login/recovery-code",
    "/login/email-code",
    "/login/enroll",
    "/login/enroll/passkey",
    "/login/passkey",
    "/login/recovery-codes",
    "/choose-account",
    "/consent",
    "/password/reset",
    "/password/reset/sent",
    "/password/reset/finish",
    "/sign-up",
    "/sign-up/sent",
    "/sign-up/finish",
];

/// The whole service.
pub fn router(app: &App) -> Router {
    let sign_in = Router::new()
        .route("/login", get(login::get).post(login::post))
        .route("/setup", get(setup::get).post(setup::post))
        .route("/account/confirm", get(confirm::get).post(confirm::post))
        .route("/account/password", get(console::password::get).post(console::password::post));
    let sign_in = limited(app, Group::SignIn, sign_in);

    let pages = Router::new()
        .route("/", get(home::get))
        .route("/authorize", get(authorize::get).post(authorize::post).head(look_only))
        .route("/authorize/resume", get(authorize::resume).head(look_only))
        .route("/choose-account", get(choose_account::get).post(choose_account::post))
        .route("/consent", get(consent::get).post(consent::post))
        .route("/logout", get(logout::get).post(logout::post).head(look_only))
        .route("/logout/confirm", post(logout::confirm::post))
        .route("/logged-out", get(logout::done::get))
        .route("/device", get(device::get).post(device::post))
        .route("/device/confirm", get(device::confirm::get).post(device::confirm::post))
        .route("/device/done", get(device::done::get))
        .merge(my_account())
        .merge(second_factor(app))
        .merge(recovery())
        .merge(registration())
        .merge(sign_in);
    let pages = limited(app, Group::Pages, pages.method_not_allowed_fallback(wrong_method))
        .layer(from_fn_with_state((app.clone(), Audience::People), survive))
        .layer(from_fn_with_state((app.clone(), Audience::People), keep_out));

    let scripts = Router::new()
        .route("/token", post(token::post))
        .route("/revoke", post(revoke::post))
        .route("/device/authorize", post(oauth::device::post));
    let scripts = for_clients(app, Group::Token, scripts);

    let userinfo = Router::new().route("/userinfo", get(userinfo::get).post(userinfo::post));
    let userinfo = for_clients(app, Group::Userinfo, userinfo);

    let documents = Router::new()
        .route("/.well-known/openid-configuration", get(discovery::get))
        .route("/.well-known/oauth-authorization-server", get(discovery::get))
        .route("/jwks", get(jwks::get))
        .route("/.well-known/passkey-endpoints", get(passkey_endpoints::get));
    let documents = for_clients(app, Group::Metadata, documents);

    // Browsers' scripts of any origin may call these; no cookie is read there.
    let open = scripts.merge(userinfo).merge(documents).layer(from_fn(cors::layer));

    let clients = for_clients(app, Group::Token, Router::new().route("/introspect", post(introspect::post)))
        .merge(open)
        .layer(from_fn_with_state((app.clone(), Audience::Clients), survive))
        .layer(from_fn_with_state((app.clone(), Audience::Clients), keep_out));

    // Not kept from banned networks: the page that tells them so is to look like one of ours.
    let files = Router::new().route("/static/{file}", get(statics::get).with_state(app.pages.clone()));
    let files = limited(app, Group::Metadata, files.method_not_allowed_fallback(wrong_method));

    let nowhere = limited(app, Group::Pages, Router::new().fallback(nothing_here))
        .layer(from_fn_with_state((app.clone(), Audience::People), keep_out))
        .with_state(app.clone());

    let probes = Router::new().route("/health/live", get(health::live)).route("/health/ready", get(health::ready));

    Router::new()
        .merge(pages)
        .merge(clients)
        .merge(files)
        .merge(probes)
        .fallback_service(nowhere)
        .with_state(app.clone())
        .layer(from_fn_with_state(page_error::Settings { pages: app.pages.clone(), clock: app.clock.clone() }, page_error::layer))
        .layer(from_fn_with_state(app.metrics.clone(), observe::layer))
        .layer(from_fn_with_state(Arc::new(visit_settings(app)), visit::layer))
        .layer(from_fn_with_state(headers::Settings { https: app.issuer.is_https(), pop_up_paths: &POP_UP_PATHS }, headers::layer))
}

/// What is served to operators alone, on a listener of its own.
pub fn internal_router(app: &App) -> Router {
    Router::new()
        .route("/metrics", get(health::metrics))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(app.clone())
}

/// The same before the database is open: liveness answers while a long migration runs, and readiness and metrics say what is being done.
pub fn starting_router(stage: Stage) -> Router {
    Router::new()
        .route("/metrics", get(health::starting_metrics))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::starting))
        .with_state(stage)
}

/// These routes with their group's budget, a wrong method as much as a right one, and answers that say how much of it is left.
fn limited(app: &App, group: Group, routes: Router<App>) -> Router<App> {
    routes.layer(option_layer(app.edge.layer(group))).layer(from_fn_with_state(app.edge.told(group), edge::tell))
}

/// [`limited`] endpoints for programs.
fn for_clients(app: &App, group: Group, endpoints: Router<App>) -> Router<App> {
    limited(app, group, endpoints.method_not_allowed_fallback(wrong_method_for_a_client))
}

/// What a person does with their own account.
fn my_account() -> Router<App> {
    Router::new()
        .route("/account", get(console::overview::get))
        .route("/account/logout", post(console::overview::post_logout))
        .route("/account/profile", get(console::profile::get).post(console::profile::post))
        .route("/account/sessions", get(console::sessions::get).post(console::sessions::post))
        .route("/account/applications", get(console::applications::get).post(console::applications::post))
        .route("/account/activity", get(console::activity::get))
        .route("/account/activity/not-me", post(console::activity::not_me::post))
        .route("/account/activity/notify", post(console::activity::notify::post))
        .route("/account/data", get(console::data::get).post(console::data::post))
        .route("/account/delete", get(console::deletion::get).post(console::deletion::post))
        .route("/account/delete/done", get(console::deletion::done))
        .route("/account/delete/cancel", get(console::deletion::get_cancel).post(console::deletion::post_cancel))
        .route("/.well-known/change-password", get(console::password::well_known))
}

/// The second factor, at sign-in and in My Account.
fn second_factor(app: &App) -> Router<App> {
    let routes = Router::new()
        .route("/login/code", get(factor::code::get).post(factor::code::post))
        .route("/login/recovery-code", get(factor::recovery::get).post(factor::recovery::post))
        .route("/login/email-code", get(factor::email::get).post(factor::email::post))
        .route("/login/enroll", get(factor::enroll::get).post(factor::enroll::post))
        .route("/login/enroll/passkey", get(factor::enroll_passkey::get).post(factor::enroll_passkey::post))
        .route("/login/passkey", get(factor::passkey::get).post(factor::passkey::post))
        .route("/login/recovery-codes", get(factor::recovery_codes::get).post(factor::recovery_codes::post))
        .route("/account/authentication", get(authentication::get))
        .route("/account/authentication/code", get(authentication::code::get).post(authentication::code::post))
        .route("/account/authentication/totp", get(authentication::totp::get).post(authentication::totp::post))
        .route("/account/authentication/totp/new", post(authentication::totp::post_new))
        .route("/account/authentication/recovery-codes", get(authentication::codes::get).post(authentication::codes::post))
        .route("/account/authentication/recovery-codes.txt", get(authentication::codes::get_text))
        .route("/account/authentication/passkeys", get(authentication::passkeys::get).post(authentication::passkeys::post))
        .route("/account/authentication/passkeys/rename", post(authentication::passkey_changes::post_rename))
        .route("/account/authentication/passkeys/remove", post(authentication::passkey_changes::post_remove))
        .route("/account/authentication/disable", get(authentication::disable::get).post(authentication::disable::post))
        .route("/account/authentication/email-codes", post(authentication::options::post))
        .route("/account/authentication/devices", post(authentication::devices::post));
    limited(app, Group::SignIn, routes)
}

/// Forgotten passwords, and "This wasn't me".
fn recovery() -> Router<App> {
    Router::new()
        .route("/password/reset", get(password_reset::get).post(password_reset::post))
        .route("/password/reset/again", post(password_reset::again))
        .route("/password/reset/sent", get(password_reset::sent::get).post(password_reset::sent::post))
        .route("/password/reset/finish", get(password_reset::finish::get).post(password_reset::finish::post))
        .route("/not-me", get(not_me::get).post(not_me::post))
        .route("/login/unlock", get(unlock::get).post(unlock::post))
        .route("/login/unlock/send", post(unlock::send))
}

/// New accounts and addresses.
fn registration() -> Router<App> {
    Router::new()
        .route("/sign-up", get(sign_up::get).post(sign_up::post))
        .route("/sign-up/sent", get(sign_up::sent::get).post(sign_up::sent::post))
        .route("/sign-up/finish", get(sign_up::join::get).post(sign_up::join::post))
        .route("/invitation", get(sign_up::join::get).post(sign_up::join::post))
        .route("/email/confirm", get(email_confirmation::get).post(email_confirmation::post))
        .route("/email/confirm/send", post(email_confirmation::send))
        .route("/account/email", get(email_confirmation::address::get).post(email_confirmation::address::post))
        .route("/account/email/confirm", get(email_confirmation::get))
}

fn visit_settings(app: &App) -> visit::Settings {
    let default_locale = Locale::ALL.into_iter().find(|locale| locale.tag() == app.config.brand.default_locale).unwrap_or_default();
    visit::Settings {
        issuer: app.issuer.clone(),
        trusted_proxies: app.config.server.trusted_proxies.clone(),
        default_locale,
        warned: Arc::default(),
        metrics: app.metrics.clone(),
    }
}

async fn nothing_here() -> PageError {
    PageError::new(ErrorKind::NotFound)
}

async fn wrong_method() -> PageError {
    PageError::new(ErrorKind::MethodNotAllowed)
}

async fn wrong_method_for_a_client() -> Response {
    let error = oauth::Error::new(
        oauth::Code::InvalidRequest,
        "this endpoint does not take this HTTP method; POST a form (userinfo also takes GET)",
    );
    (StatusCode::METHOD_NOT_ALLOWED, error).into_response()
}

/// `HEAD` where a `GET` acts: link checkers and prefetchers must not sign anybody out.
async fn look_only() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// In whose language a failure outside any handler is told.
#[derive(Clone, Copy)]
enum Audience {
    People,
    Clients,
}

impl Audience {
    fn tell(self, kind: ErrorKind, cause: &'static str) -> Response {
        let code = if kind == ErrorKind::Internal { oauth::Code::ServerError } else { oauth::Code::TemporarilyUnavailable };
        match self {
            Self::People => PageError::because(kind, cause).into_response(),
            Self::Clients => {
                oauth::Error { retry_after: Some(RETRY_AFTER), ..oauth::Error::new(code, "try again later") }.because(cause).into_response()
            }
        }
    }
}

/// Seconds after which something that took too long may be tried again.
const RETRY_AFTER: u64 = 5;

/// A request that takes too long or panics ends with an error; the process and the other requests go on.
async fn survive(State((app, audience)): State<(App, Audience)>, request: Request, next: Next) -> Response {
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(app.config.server.request_timeout.0, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => audience.tell(ErrorKind::Internal, "a handler panicked"),
        Err(_) => audience.tell(ErrorKind::Busy { retry_after: RETRY_AFTER }, "server.request_timeout"),
    }
}

/// An address that an operator keeps out is refused before anything else is done for it.
async fn keep_out(State((app, audience)): State<(App, Audience)>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<Arc<Visit>>().map(|visit| visit.address);
    if let Some(address) = address
        && app.bans.holds(address, app.now()).await
    {
        app.metrics.banned();
        return match audience {
            Audience::People => PageError::new(ErrorKind::Banned).into_response(),
            Audience::Clients => {
                let error = oauth::Error::new(oauth::Code::AccessDenied, "requests from this network are refused by the operator");
                (StatusCode::FORBIDDEN, error).into_response()
            }
        };
    }
    next.run(request).await
}
