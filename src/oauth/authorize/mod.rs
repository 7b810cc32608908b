//! The authorization endpoint.
//!
//! Owns: `/authorize` (GET, POST) and `/authorize/resume` (GET): what an application asks, whether it may, and the code at the end.
//! Writes nothing: a request in progress is a sealed text, a code too. Must not: show pages; it sends the browser to those of `interaction`.
//! RFC 6749 §4.1.1–4.1.2, RFC 7636, RFC 9207, RFC 9700 §2.1; OpenID Connect Core §3.1.2.
//!
//! Until a [`target::Target`] is found only a page error can be built; from then on every error goes back to the application.

mod arrival;
pub mod checks;
mod claims;
pub mod request;
mod response;
mod target;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use crate::app::App;
use crate::config::RegistrationMode;
use crate::interaction::flow::{self, Flow, FlowQuery, Question};
use crate::interaction::step::{Allowed, Demand, Step, next_step};
use crate::interaction::{device, facts, second_factor, see_other};
use crate::oauth::{Code, Error};
use crate::secret;
use crate::session::{self, Current};
use crate::store::consents;
use crate::tokens::code::{self, AuthorizationCode};
use crate::tokens::{Scope, id_token};
use crate::web::cookies::with_cookie;
use crate::web::{PageError, Params, Visit};

use request::{Asked, AuthorizeRequest};
use response::AuthorizeError;
use target::Target;

/// Of a hint that is carried along for the pages.
const MAX_HINT: usize = 256;

/// A request by GET.
///
/// # Errors
/// A page, where no redirect URI is proven.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    begin(&app, &visit, query.unwrap_or_default()).await.or_else(|error| error.answer(&app, &visit))
}

/// A request by POST. It comes from another site, so the browser does not send the session cookie (`SameSite=Lax`): it does so with the
/// GET it is sent on to (OpenID Connect Core §3.1.2.1).
///
/// # Errors
/// A page, where no redirect URI is proven.
pub async fn post(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery, body: Body) -> Result<Response, PageError> {
    let text = arrival::text_of_body(query.as_deref(), &visit.headers, body).await?;
    match arrival::read(&app, &text).await {
        Ok(_) => Ok(see_other(&arrival::path_of_posted(&app, &text))),
        Err(error) => error.answer(&app, &visit),
    }
}

/// A request that comes back from a page: everything is checked and asked again.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; or the client is gone meanwhile.
pub async fn resume(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let flow = flow::open(&app, &visit, sealed.as_deref())?;
    if flow.device.is_some() {
        return device::resume(&app, &visit, flow).await;
    }
    again(&app, &visit, flow).await.or_else(|error| error.answer(&app, &visit))
}

async fn begin(app: &App, visit: &Visit, query: String) -> Result<Response, AuthorizeError> {
    let text = arrival::text_of_query(app, query)?;
    let params = arrival::read(app, &text).await?;
    let hint = |name| params.get(name).filter(|hint| hint.len() <= MAX_HINT).map(str::to_owned);
    let flow = Flow {
        request: request::relevant(&text),
        client_id: params.get("client_id").unwrap_or_default().to_owned(),
        requested_at: app.now(),
        login_hint: hint("login_hint"),
        ui_locales: hint("ui_locales"),
        ..Flow::default()
    };
    proceed(app, visit, &params, flow).await
}

async fn again(app: &App, visit: &Visit, flow: Flow) -> Result<Response, AuthorizeError> {
    let params = arrival::read(app, &flow.request).await?;
    proceed(app, visit, &params, flow).await
}

async fn proceed(app: &App, visit: &Visit, params: &Params, flow: Flow) -> Result<Response, AuthorizeError> {
    let target = Target::find(app, params).await?;
    decide(app, visit, params, flow, &target).await.map_err(|error| target.refuse(error))
}

async fn decide(app: &App, visit: &Visit, params: &Params, flow: Flow, target: &Target) -> Result<Response, Error> {
    let hinted_user = |token: &str| id_token::open_hint(&app.keys, &app.config, token).map(|hint| hint.user_id);
    let scopes = app.scopes.all().await?;
    let request = AuthorizeRequest::check(&Asked { params, client: &target.client, scopes: &scopes, hinted_user: &hinted_user })?;
    if request.prompt.create && app.config.registration.mode != RegistrationMode::Open {
        return Err(Error::new(Code::InvalidRequest, "prompt=create is not supported: people cannot register here themselves"));
    }
    if flow.denied {
        return Err(Error::new(Code::AccessDenied, "the person did not allow it"));
    }
    let current = session::current(app, visit).await?;
    let second_factor = match &current {
        Some(current) => second_factor::is_owed(app, visit, current).await?,
        None => false,
    };
    let demand = Demand { second_factor, ..request.demand(&target.client, &flow) };
    let allowed = allowed(app, target, &demand, current.as_ref()).await?;
    let step = next_step(&demand, current.as_ref().map(facts), allowed.as_ref());
    let flow = Flow { wanted: demand.wanted(), leads_to: target.leads_to(), question: None, ..flow };
    match (step, current) {
        (Step::Issue, Some(current)) => Ok(target.success(app, visit, &issue(app, target, request, &current))),
        (Step::Consent, Some(current)) => {
            let question = Question { user_id: current.user.id, scope: demand.scope.to_string() };
            Ok(page(app, visit, "/consent", &Flow { question: Some(question), ..flow }))
        }
        (Step::SecondFactor, Some(_)) => Ok(page(app, visit, "/login/code", &flow)),
        (Step::ChooseAccount, Some(_)) => Ok(page(app, visit, "/choose-account", &flow)),
        (Step::Fail(missing), _) => Err(response::missing(missing)),
        (Step::SignUp, _) => Ok(page(app, visit, "/sign-up", &flow)),
        (Step::Login, _) | (_, None) => Ok(page(app, visit, "/login", &flow)),
    }
}

/// What the person has allowed this client; not looked up where it cannot matter.
async fn allowed(app: &App, target: &Target, demand: &Demand, current: Option<&Current>) -> Result<Option<Allowed>, Error> {
    let Some(current) = current.filter(|_| !demand.consent_by_operator || demand.prompt.consent) else { return Ok(None) };
    let consent = consents::find(&app.store.read(), current.user.id, &target.client.client_id).await?;
    Ok(consent.map(|consent| Allowed { scope: Scope::parse(&consent.scope).unwrap_or_default(), at: consent.granted_at }))
}

/// Sends the browser to a page of ours, with the flow it has to bring back.
fn page(app: &App, visit: &Visit, path: &str, flow: &Flow) -> Response {
    let sealed = flow::seal(app, visit, flow);
    with_cookie(see_other(&flow::page_path(path, &sealed.value)), sealed.set_cookie)
}

/// A code, bound to all that the token endpoint has to find again. `auth_time`, `acr` and `amr` say what happened, not what was asked.
fn issue(app: &App, target: &Target, request: AuthorizeRequest, current: &Current) -> String {
    let Current { session, user } = current;
    let now = app.now();
    let content = AuthorizationCode {
        id: secret::id(now),
        client_id: target.client.client_id.clone(),
        redirect_uri: target.redirect.as_str().to_owned(),
        user_id: user.id,
        session_id: session.id,
        scope: request.scope.to_string(),
        code_challenge: request.code_challenge,
        nonce: request.nonce,
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        acr: session.acr.clone(),
        epoch: session.epoch,
        issued_at: now,
    };
    code::seal(&app.sealer, &app.config.tokens, &content)
}
