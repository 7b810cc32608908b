//! The page of a confirmation, and of its code.

use axum::extract::State as Extract;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::super::kept::Kept;
use super::super::mailed::{self, CodeError, Mailed};
use super::apply::{State, apply, look};
use super::request;
use crate::app::App;
use crate::session;
use crate::session::browser::{self, Trust};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::registration::{CodeProblem, ConfirmEmailPage, Confirmation};
use crate::web::{ErrorKind, PageError, Params, StrictForm, StrictQuery, Visit, csrf};

const HERE: &str = "/email/confirm";

/// With `?token=…` the link of a mail, which goes into this browser's cookie; without, what can be done with it, or the field for the code.
///
/// # Errors
/// A page: a query that is none; the store.
pub async fn get(Extract(app): Extract<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let kept = Kept::of(&app, &visit);
    if let Some(token) = query.get("token") {
        let token = token.chars().filter(char::is_ascii).take(2000).collect();
        let kept = Kept { mailed: Some(Mailed::Opened { token }), ..kept };
        return Ok(with_cookie(Redirect::to(HERE).into_response(), Some(kept.set_cookie(&app))));
    }
    if query.get("done").is_some() {
        return Ok(show(&app, &visit, page(State::Done), StatusCode::OK));
    }
    match kept.mailed {
        Some(Mailed::Opened { token }) => Ok(state(&app, &visit, look(&app, &token).await?)),
        Some(Mailed::Sent { shown, .. }) => Ok(show(&app, &visit, code_page(shown), StatusCode::OK)),
        None => Ok(Redirect::to("/account").into_response()),
    }
}

/// The button of a link, or the code.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn post(Extract(app): Extract<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    if browser::check(&app, &visit, &posted)? == Trust::Stale {
        return Ok(Redirect::to(HERE).into_response());
    }
    let kept = Kept::of(&app, &visit);
    match kept.mailed {
        Some(Mailed::Opened { token }) => finish(&app, &visit, &token).await,
        Some(sent) => by_code(&app, &visit, &sent, &posted).await,
        None => Ok(Redirect::to("/account").into_response()),
    }
}

/// "Send" in My Account, for an address that was never confirmed.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn send(Extract(app): Extract<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &posted)?;
    let Some(current) = session::current(&app, &visit).await? else { return Ok(Redirect::to("/login").into_response()) };
    if trust == Trust::Stale || current.user.email_verified {
        return Ok(Redirect::to("/account").into_response());
    }
    let kept = Kept::of(&app, &visit);
    match request::confirm(&app, &visit, &current.user).await? {
        Some(sent) => {
            let kept = Kept { mailed: Some(sent), ..kept };
            Ok(with_cookie(Redirect::to(HERE).into_response(), Some(kept.set_cookie(&app))))
        }
        // Too many mails within the hour: the last one is still good.
        None => Ok(Redirect::to("/account/email?limited").into_response()),
    }
}

async fn by_code(app: &App, visit: &Visit, sent: &Mailed, posted: &Params) -> Result<Response, PageError> {
    let error = match mailed::by_code(app, sent, posted.get("code").unwrap_or_default()).await? {
        Ok(Mailed::Opened { token }) => return finish(app, visit, &token).await,
        Err(CodeError::Malformed) => CodeProblem::Malformed,
        Err(CodeError::Wrong) => CodeProblem::Wrong,
        Ok(Mailed::Sent { .. }) | Err(CodeError::Spent) => CodeProblem::Spent,
    };
    let shown = if let Mailed::Sent { shown, .. } = sent { shown.clone() } else { String::new() };
    let page = ConfirmEmailPage { error: Some(error), ..code_page(shown) };
    Ok(show(app, visit, page, StatusCode::UNPROCESSABLE_ENTITY))
}

async fn finish(app: &App, visit: &Visit, token: &str) -> Result<Response, PageError> {
    match apply(app, visit, token).await? {
        State::Done => Ok(Redirect::to("/email/confirm?done=1").into_response()),
        other => Ok(state(app, visit, other)),
    }
}

fn state(app: &App, visit: &Visit, state: State) -> Response {
    let status = if matches!(state, State::Open { .. } | State::Done) { StatusCode::OK } else { StatusCode::GONE };
    show(app, visit, page(state), status)
}

fn page(state: State) -> ConfirmEmailPage {
    let (state, email) = match state {
        State::Open { email, changes: false } => (Confirmation::Confirm, email),
        State::Open { email, changes: true } => (Confirmation::Change, email),
        State::Done => (Confirmation::Done, String::new()),
        State::Used => (Confirmation::Used, String::new()),
        State::Expired => (Confirmation::Expired, String::new()),
        State::Unknown => (Confirmation::Unknown, String::new()),
        State::Taken => (Confirmation::Taken, String::new()),
    };
    ConfirmEmailPage { state, email, ..ConfirmEmailPage::default() }
}

fn code_page(email: String) -> ConfirmEmailPage {
    ConfirmEmailPage { state: Confirmation::Code, email, ..ConfirmEmailPage::default() }
}

fn show(app: &App, visit: &Visit, page: ConfirmEmailPage, status: StatusCode) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = ConfirmEmailPage { csrf_token: csrf::token(&app.sealer, &browser), ..page };
    with_cookie(app.pages.render_with_status(status, visit, visit.locale_for(None), &page), set_cookie)
}
