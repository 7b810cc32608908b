//! `/sign-up/sent`: "Check your email", and the code.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::account::kept::Kept;
use crate::account::mailed::{self, CodeError, Mailed};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::waiting::Waiting;
use crate::session::browser::{self, Trust};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::registration::{CodeProblem, SignUpSentPage};
use crate::web::{PageError, StrictForm, Visit, csrf};

/// The page; whoever has asked for nothing here is sent to ask.
///
/// # Errors
/// None of its own.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let waiting = Waiting::of(&app, &visit, sealed.as_deref());
    match Kept::of(&app, &visit).mailed {
        Some(Mailed::Sent { shown, .. }) => Ok(show(&app, &visit, &waiting, shown, None)),
        _ => Ok(see_other(&waiting.path("/sign-up"))),
    }
}

/// Takes the code: the right one opens the page with the new account.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let waiting = Waiting::of(&app, &visit, posted.get(flow::PARAM));
    let kept = Kept::of(&app, &visit);
    let Some(sent @ Mailed::Sent { .. }) = kept.mailed.clone() else { return Ok(see_other(&waiting.path("/sign-up"))) };
    if trust == Trust::Stale {
        return Ok(see_other(&waiting.path("/sign-up/sent")));
    }
    match mailed::by_code(&app, &sent, posted.get("code").unwrap_or_default()).await? {
        Ok(opened) => {
            let set_cookie = Kept { mailed: Some(opened), ..kept }.set_cookie(&app);
            Ok(with_cookie(see_other("/sign-up/finish"), Some(set_cookie)))
        }
        Err(error) => {
            let shown = if let Mailed::Sent { shown, .. } = sent { shown } else { String::new() };
            let mut response = show(&app, &visit, &waiting, shown, Some(problem(error)));
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}

const fn problem(error: CodeError) -> CodeProblem {
    match error {
        CodeError::Malformed => CodeProblem::Malformed,
        CodeError::Wrong => CodeProblem::Wrong,
        CodeError::Spent => CodeProblem::Spent,
    }
}

fn show(app: &App, visit: &Visit, waiting: &Waiting, email: String, error: Option<CodeProblem>) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = SignUpSentPage { flow: waiting.sealed.clone(), csrf_token: csrf::token(&app.sealer, &browser), email, error };
    with_cookie(app.pages.render(visit, waiting.locale(visit), &page), set_cookie)
}
