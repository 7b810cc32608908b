//! The page.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::super::email;
use super::secure::{Outcome, secure};
use super::{Link, Refusal, open};
use crate::app::App;
use crate::session::browser::{self, Trust};
use crate::store;
use crate::store::spent;
use crate::store::users::{self, User};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::recovery::{NotMePage, NotMeState};
use crate::web::{ErrorKind, PageError, Params, StrictForm, StrictQuery, Visit, csrf};

/// Whose account it is, and what the button does; or why the link does nothing any more. Looking changes nothing.
///
/// # Errors
/// A page: a query that is none; the store.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    if query.get("done").is_some() {
        return Ok(show(&app, &visit, NotMePage { state: NotMeState::Done, ..NotMePage::default() }, StatusCode::OK));
    }
    match look(&app, &query).await? {
        Ok((_, user)) => Ok(show(&app, &visit, asking(&query, &user), StatusCode::OK)),
        Err(state) => Ok(dead(&app, &visit, state)),
    }
}

/// Does it, once.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &posted)?;
    let (link, user) = match look(&app, &posted).await? {
        Ok(found) => found,
        Err(state) => return Ok(dead(&app, &visit, state)),
    };
    if trust == Trust::Stale {
        let page = NotMePage { refreshed: true, ..asking(&posted, &user) };
        return Ok(show(&app, &visit, page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    match secure(&app, &visit, &link, &user).await? {
        Outcome::Secured => Ok(Redirect::to("/not-me?done=1").into_response()),
        Outcome::Used => Ok(dead(&app, &visit, NotMeState::Used)),
    }
}

/// The link and its person, while it can be used.
async fn look(app: &App, params: &Params) -> store::Result<Result<(Link, User), NotMeState>> {
    let link = match open(app, params.get("token").unwrap_or_default()) {
        Ok(link) => link,
        Err(Refusal::TooLate) => return Ok(Err(NotMeState::Expired)),
        Err(Refusal::NotOurs) => return Ok(Err(NotMeState::Unknown)),
    };
    let read = app.store.read();
    if spent::find(&read, spent::Kind::NotMe, &link.id.to_string()).await? {
        return Ok(Err(NotMeState::Used));
    }
    let user = users::find(&read, link.user_id).await?;
    Ok(user.map(|user| (link, user)).ok_or(NotMeState::Unknown))
}

fn asking(params: &Params, user: &User) -> NotMePage {
    let token = params.get("token").unwrap_or_default().to_owned();
    NotMePage { token, email: email::masked(&user.email), ..NotMePage::default() }
}

fn dead(app: &App, visit: &Visit, state: NotMeState) -> Response {
    show(app, visit, NotMePage { state, ..NotMePage::default() }, StatusCode::GONE)
}

fn show(app: &App, visit: &Visit, page: NotMePage, status: StatusCode) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = NotMePage { csrf_token: csrf::token(&app.sealer, &browser), ..page };
    with_cookie(app.pages.render_with_status(status, visit, visit.locale_for(None), &page), set_cookie)
}
