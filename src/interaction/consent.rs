//! `/consent`: what an application asks to be allowed.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::flow::{self, Flow, FlowQuery, Question};
use super::form::{self, facts, see_other};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::store::clients;
use crate::store::consents::{self, Consent};
use crate::store::{self, Conn};
use crate::tokens::Scope;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::{ConsentPage, ScopeView};
use crate::web::{PageError, StrictForm, Visit, csrf};

/// The question; or back to the flow, when nobody or somebody else is there by now, or it has been answered (the way back, another tab).
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let flow = flow::open(&app, &visit, sealed.as_deref())?;
    let sealed = sealed.unwrap_or_default();
    match asked(&app, &visit, &flow).await? {
        Some((current, question)) if !is_answered(&app, &flow, question).await? => {
            show(&app, &visit, &flow, &sealed, &current, question).await
        }
        _ => Ok(see_other(&flow::resume_path(&sealed))),
    }
}

/// Stores the answer and goes on. What is allowed is what was sealed, whatever else the form says.
///
/// # Errors
/// A page: posted by another site, the flow is over, a decision that is none, the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let sealed = posted.get(flow::PARAM).unwrap_or_default();
    let flow = flow::open(&app, &visit, Some(sealed))?;
    let Some((current, question)) = asked(&app, &visit, &flow).await? else {
        return Ok(see_other(&flow::resume_path(sealed)));
    };
    if trust == Trust::Stale {
        let mut response = show(&app, &visit, &flow, sealed, &current, question).await?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    match posted.get("decision") {
        Some("allow") => {
            allow(&app, &visit, &flow, &current, question).await?;
            Ok(see_other(&flow::resume_path(sealed)))
        }
        Some("deny") => {
            deny(&app, &visit, &flow, &current, question).await?;
            let denied = flow::seal(&app, &visit, &Flow { denied: true, ..flow });
            Ok(see_other(&flow::resume_path(&denied.value)))
        }
        _ => Err(form::unreadable("a decision that is neither allow nor deny")),
    }
}

/// The question and the person it was sealed for, if they are the one who is here.
async fn asked<'f>(app: &App, visit: &Visit, flow: &'f Flow) -> Result<Option<(Current, &'f Question)>, PageError> {
    let current = session::current(app, visit).await?;
    Ok(current.zip(flow.question.as_ref()).filter(|(current, question)| current.user.id == question.user_id))
}

/// Whether all of it was allowed since the request: then the flow does not lead here.
async fn is_answered(app: &App, flow: &Flow, question: &Question) -> store::Result<bool> {
    let consent = consents::find(&app.store.read(), question.user_id, &flow.client_id).await?;
    Ok(consent.is_some_and(|consent| consent.granted_at >= flow.requested_at && parse(&question.scope).is_subset(&parse(&consent.scope))))
}

/// Adds to what was allowed before: asking for less one day takes nothing back.
async fn allow(app: &App, visit: &Visit, flow: &Flow, current: &Current, question: &Question) -> store::Result<()> {
    let now = app.now();
    let (user_id, client_id, scope) = (question.user_id, flow.client_id.clone(), parse(&question.scope).to_string());
    let consent = Consent { user_id, client_id, scope, granted_at: now };
    let event = event(Kind::ConsentGranted, visit, flow, current, question);
    app.store
        .write(move |conn| {
            let (consent, event) = (consent.clone(), event.clone());
            Box::pin(async move { remember(conn, &consent, &event).await })
        })
        .await
}

/// A person has agreed, to this beside what they agreed to before.
///
/// # Errors
/// The store's.
pub(super) async fn remember(conn: &Conn<'_>, consent: &Consent, event: &Event) -> store::Result<()> {
    // Removed while the page was open: whoever registers its id later must not find a consent to somebody else.
    if clients::find(conn, &consent.client_id).await?.is_none() {
        return Ok(());
    }
    consents::update_widened(conn, consent, |earlier| parse(&consent.scope).union(&parse(earlier)).to_string()).await?;
    audit::record(conn, event, consent.granted_at).await
}

async fn deny(app: &App, visit: &Visit, flow: &Flow, current: &Current, question: &Question) -> store::Result<()> {
    let now = app.now();
    let event = event(Kind::ConsentDenied, visit, flow, current, question);
    app.store
        .write(move |conn| {
            let event = event.clone();
            Box::pin(async move { audit::record(conn, &event, now).await })
        })
        .await
}

fn event(kind: Kind, visit: &Visit, flow: &Flow, current: &Current, question: &Question) -> Event {
    Event::new(kind, &session::origin(visit))
        .user(current.user.id)
        .client(&flow.client_id)
        .session(current.session.id)
        .detail("scope", question.scope.as_str())
}

/// Sealed and stored scopes were parsed before.
fn parse(scope: &str) -> Scope {
    Scope::parse(scope).unwrap_or_default()
}

async fn show(app: &App, visit: &Visit, flow: &Flow, sealed: &str, current: &Current, question: &Question) -> Result<Response, PageError> {
    let another = flow.with_another_account(Some(facts(current).sign_in()), None);
    let (browser, set_cookie) = browser::binding(app, visit);
    let (locale, known) = (visit.locale_for(flow.ui_locales.as_deref()), app.scopes.all().await?);
    let page = ConsentPage {
        flow: sealed.to_owned(),
        csrf_token: csrf::token(&app.sealer, &browser),
        client: flow.client_view(app).await?.unwrap_or_default(),
        client_host: flow.return_host(),
        email: current.user.email.clone(),
        another_account: flow::page_path("/login", &flow::seal(app, visit, &another).value),
        scopes: parse(&question.scope)
            .without("openid")
            .iter()
            .map(|value| ScopeView::new(value, known.description(value, locale.tag())))
            .collect(),
        return_origin: flow.return_origin(),
    };
    let response = app.pages.render(visit, locale, &page);
    Ok(with_cookie(response, set_cookie))
}
