//! The page of a confirmation, and of its code.

use axum::extract::State as Extract;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::super::confirm::Then;
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
        Some(Mailed::Opened { token }) => opened(&app, &visit, &token).await,
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
        Some(ref sent) => by_code(&app, &visit, (&kept, sent), &posted).await,
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

async fn by_code(app: &App, visit: &Visit, (kept, sent): (&Kept, &Mailed), posted: &Params) -> Result<Response, PageError> {
    let error = match mailed::by_code(app, sent, posted.get("code").unwrap_or_default()).await? {
        Ok(Mailed::Opened { token }) => {
            // As good as the link from now on, also for whoever has to log in first.
            let kept = Kept { mailed: Some(Mailed::Opened { token: token.clone() }), ..kept.clone() };
            return Ok(with_cookie(finish(app, visit, &token).await?, Some(kept.set_cookie(app))));
        }
        Err(CodeError::Malformed) => CodeProblem::Malformed,
        Err(CodeError::Wrong) => CodeProblem::Wrong,
        Ok(Mailed::Sent { .. }) | Err(CodeError::Spent) => CodeProblem::Spent,
    };
    let shown = if let Mailed::Sent { shown, .. } = sent { shown.clone() } else { String::new() };
    let page = ConfirmEmailPage { error: Some(error), ..code_page(shown) };
    Ok(show(app, visit, page, StatusCode::UNPROCESSABLE_ENTITY))
}

/// What a link can still do; another address for an account is confirmed by its own person alone, who logs in first.
async fn opened(app: &App, visit: &Visit, token: &str) -> Result<Response, PageError> {
    let found = look(app, token).await?;
    let State::Open { changes: Some(user_id), .. } = found else { return Ok(state(app, visit, found)) };
    Ok(match session::current(app, visit).await? {
        None => Redirect::to(&Then::ConfirmEmail.login_path()).into_response(),
        Some(current) if current.user.id != user_id => state(app, visit, State::Another),
        Some(_) => state(app, visit, found),
    })
}

async fn finish(app: &App, visit: &Visit, token: &str) -> Result<Response, PageError> {
    let current = session::current(app, visit).await?;
    match apply(app, visit, token, current.as_ref().map(|current| &current.user)).await? {
        // Says who is to log in.
        State::Another => opened(app, visit, token).await,
        State::Done => Ok(Redirect::to("/email/confirm?done=1").into_response()),
        other => Ok(state(app, visit, other)),
    }
}

fn state(app: &App, visit: &Visit, state: State) -> Response {
    let status = match state {
        State::Open { .. } | State::Done => StatusCode::OK,
        State::Another => StatusCode::FORBIDDEN,
        _ => StatusCode::GONE,
    };
    show(app, visit, page(state), status)
}

fn page(state: State) -> ConfirmEmailPage {
    let (state, email) = match state {
        State::Open { email, changes: None } => (Confirmation::Confirm, email),
        State::Open { email, changes: Some(_) } => (Confirmation::Change, email),
        State::Done => (Confirmation::Done, String::new()),
        State::Used => (Confirmation::Used, String::new()),
        State::Expired => (Confirmation::Expired, String::new()),
        State::Unknown => (Confirmation::Unknown, String::new()),
        State::Taken => (Confirmation::Taken, String::new()),
        State::Another => (Confirmation::Another, String::new()),
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
