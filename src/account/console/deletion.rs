//! `/account/delete`: "Delete account", and the link that takes it back.
//!
//! Routes: `GET /account/delete` [`get`], `POST /account/delete` [`post`], `GET /account/delete/done` [`done`], `GET /account/delete/cancel` [`get_cancel`],
//! `POST /account/delete/cancel` [`post_cancel`].

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::{locale, show};
use crate::account::confirm::{Detour, Then, proven};
use crate::account::deletion::{self, Cancel, Requested};
use crate::app::App;
use crate::session::Current;
use crate::session::browser::{self, Trust};
use crate::web::cookies::{Cookie, with_cookie};
use crate::web::pages::views::deletion::{CancelDeletionPage, CancelState, DeletePage, DeletedPage};
use crate::web::{ErrorKind, PageError, StrictForm, StrictQuery, Visit, csrf};

const DAY: u64 = 86_400;

/// What it means.
///
/// # Errors
/// A detour: not signed in, or not recently; the store's.
pub async fn get(State(app): State<App>, visit: Visit) -> Result<Response, Detour> {
    let (current, _) = proven(&app, &visit, Then::Delete).await?;
    Ok(page(&app, &visit, &current, StatusCode::OK, false))
}

/// Begins it: the account is closed at once, and removed after the grace period.
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = proven(&app, &visit, Then::Delete).await?;
    if trust == Trust::Stale {
        return Err(Detour::To(Then::Delete.path().to_owned()));
    }
    match deletion::request(&app, &visit, &current, locale(&visit, &current)).await? {
        Requested::LastAdministrator => Ok(page(&app, &visit, &current, StatusCode::UNPROCESSABLE_ENTITY, true)),
        Requested::Until(_) => {
            let out = Redirect::to("/account/delete/done").into_response();
            Ok(with_cookie(out, Some(Cookie::Session.remove(&app.issuer))))
        }
    }
}

fn page(app: &App, visit: &Visit, current: &Current, status: StatusCode, last_administrator: bool) -> Response {
    let days = days(app);
    show(app, visit, current, status, |csrf_token| DeletePage { csrf_token, email: current.user.email.clone(), days, last_administrator })
}

fn days(app: &App) -> u64 {
    app.config.account.deletion_grace.0.as_secs() / DAY
}

/// What follows. Whoever looks at it: it names nobody.
pub async fn done(State(app): State<App>, visit: Visit) -> Response {
    app.pages.render(&visit, visit.locale_for(None), &DeletedPage { days: days(&app) })
}

/// The page behind the link of the mail. Looking takes nothing back: mail scanners look at links.
///
/// # Errors
/// `BadRequest` for a link that is not ours; the store's.
pub async fn get_cancel(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let token = query.get("token").unwrap_or_default();
    let state = match deletion::look(&app, token).await? {
        Cancel::Can(_, at) => CancelState::Asks { at: at.secs() },
        Cancel::Kept => CancelState::Kept,
        Cancel::Over => CancelState::Over,
        Cancel::NotOurs => return Err(PageError::because(ErrorKind::BadRequest, "not a link of ours")),
    };
    Ok(cancel_page(&app, &visit, token, state))
}

/// Takes it back.
///
/// # Errors
/// As [`get_cancel`]; a form from another site.
pub async fn post_cancel(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, PageError> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let token = form.get("token").unwrap_or_default();
    let state = match deletion::look(&app, token).await? {
        Cancel::Can(_, at) if trust == Trust::Stale => CancelState::Asks { at: at.secs() },
        Cancel::Can(user, _) if deletion::cancel(&app, &visit, &user).await? => CancelState::Kept,
        Cancel::Kept => CancelState::Kept,
        Cancel::Can(..) | Cancel::Over => CancelState::Over,
        Cancel::NotOurs => return Err(PageError::because(ErrorKind::BadRequest, "not a link of ours")),
    };
    Ok(cancel_page(&app, &visit, token, state))
}

fn cancel_page(app: &App, visit: &Visit, token: &str, state: CancelState) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = CancelDeletionPage { csrf_token: csrf::token(&app.sealer, &browser), token: token.to_owned(), state };
    with_cookie(app.pages.render(visit, visit.locale_for(None), &page), set_cookie)
}
