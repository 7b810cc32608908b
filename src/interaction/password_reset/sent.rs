//! `/password/reset/sent`: "Check your email", and the code.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;

use crate::account::kept::{Asked, Kept};
use crate::account::password_reset::{self, CodeError, Way, verify_code};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::waiting::Waiting;
use crate::session::browser::{self, Trust};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::recovery::{ResetCodeError, ResetSentPage};
use crate::web::{PageError, StrictForm, Visit, csrf};

/// The page; whoever has asked for nothing here is sent to ask.
///
/// # Errors
/// None of its own.
pub async fn get(
    State(app): State<App>,
    visit: Visit,
    FlowQuery(sealed): FlowQuery,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let waiting = Waiting::of(&app, &visit, sealed.as_deref());
    let Some(asked) = Kept::of(&app, &visit).asked else { return Ok(see_other(&waiting.path("/password/reset"))) };
    let again = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).any(|(name, value)| name == "notice" && value == "again");
    Ok(show(&app, &visit, &waiting, &asked, &ResetSentPage { again, ..ResetSentPage::default() }))
}

/// Takes the code: the right one opens the page with the new password.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let waiting = Waiting::of(&app, &visit, posted.get(flow::PARAM));
    let kept = Kept::of(&app, &visit);
    let Some(asked) = kept.asked.clone() else { return Ok(see_other(&waiting.path("/password/reset"))) };
    let error = match trust {
        Trust::Stale => None,
        Trust::Ours => {
            match verify_code(&app, asked.requested.account, asked.requested.attempt, posted.get("code").unwrap_or_default()).await? {
                Ok(()) => {
                    let opened = Some(Way::Code { account: asked.requested.account, attempt: asked.requested.attempt });
                    let set_cookie = Kept { opened, ..kept }.set_cookie(&app);
                    return Ok(with_cookie(see_other("/password/reset/finish"), Some(set_cookie)));
                }
                Err(error) => Some(error),
            }
        }
    };
    let error = error.map(|error| match error {
        CodeError::Malformed => ResetCodeError::Malformed,
        CodeError::Wrong => ResetCodeError::Wrong,
        CodeError::Spent => ResetCodeError::Spent,
    });
    let page = ResetSentPage { error, refreshed: trust == Trust::Stale, ..ResetSentPage::default() };
    let mut response = show(&app, &visit, &waiting, &asked, &page);
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

fn show(app: &App, visit: &Visit, waiting: &Waiting, asked: &Asked, page: &ResetSentPage) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = ResetSentPage {
        flow: waiting.sealed.clone(),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: asked.requested.shown.clone(),
        minutes: password_reset::minutes(app),
        ..page.clone()
    };
    with_cookie(app.pages.render(visit, waiting.locale(visit), &page), set_cookie)
}
