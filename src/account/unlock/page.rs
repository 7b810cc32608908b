//! The pages.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use uuid::Uuid;

use super::super::mail_link::{self, MailLink, Opened};
use super::super::{email, known_device};
use super::lift::{Outcome, lift};
use super::request::{Whom, request};
use crate::app::App;
use crate::session::browser::{self, Trust};
use crate::session::pending;
use crate::store;
use crate::store::spent;
use crate::store::users::{self, User};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::unlock::{UnlockPage, UnlockState};
use crate::web::{ErrorKind, PageError, Params, StrictForm, StrictQuery, Visit, csrf};

/// That a mail was sent; or what the link of one lifts. Looking changes nothing.
///
/// # Errors
/// A page: a query that is none; the store.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    if query.get("token").is_none() {
        let minutes = u32::try_from(app.config.recovery.link_ttl.0.as_secs() / 60).unwrap_or(u32::MAX).max(1);
        let page = UnlockPage { state: UnlockState::Sent, minutes, ..UnlockPage::default() };
        return Ok(show(&app, &visit, page, StatusCode::OK));
    }
    match look(&app, &query).await? {
        Ok((link, user)) => Ok(show(&app, &visit, asking(&query, &link, &user), StatusCode::OK)),
        Err(state) => Ok(dead(&app, &visit, state)),
    }
}

/// Sends the mail: for the second factor to whoever has given their password here, otherwise to the address typed. The answer is always the same.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn send(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &posted)?;
    if trust == Trust::Stale {
        return Ok(Redirect::to("/login").into_response());
    }
    let whom = match posted.get("email") {
        Some(typed) => Some(Whom::Typed(typed.trim().to_owned())),
        None => pending::find(&app, &visit).await?.map(|(_, user)| {
            let device = known_device::id(&app, &visit, &user);
            Whom::Codes(Box::new(user), device)
        }),
    };
    let Some(whom) = whom else { return Ok(Redirect::to("/login").into_response()) };
    request(&app, &visit, whom, visit.locale_for(None)).await?;
    Ok(Redirect::to("/login/unlock").into_response())
}

/// Lifts, once, and makes this browser known.
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
        let page = UnlockPage { refreshed: true, ..asking(&posted, &link, &user) };
        return Ok(show(&app, &visit, page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    match lift(&app, &visit, &user, &link).await? {
        Outcome::Lifted => {
            let known = known_device::confirmed_by_mail(&app, &visit, &user);
            Ok(with_cookie(Redirect::to("/login?notice=unlocked").into_response(), Some(known)))
        }
        Outcome::Used => Ok(dead(&app, &visit, UnlockState::Used)),
        Outcome::TooSoon => Ok(dead(&app, &visit, UnlockState::TooSoon)),
    }
}

pub(super) struct Link {
    pub(super) id: Uuid,
    pub(super) codes: bool,
    pub(super) device: Option<Uuid>,
}

/// The link and its person, while it can be used.
async fn look(app: &App, params: &Params) -> store::Result<Result<(Link, User), UnlockState>> {
    let (link, user_id, epoch) = match mail_link::open(app, params.get("token").unwrap_or_default()) {
        Opened::InTime(MailLink::Unlock { id, user_id, codes, device, epoch }) => (Link { id, codes, device }, user_id, epoch),
        Opened::TooLate(MailLink::Unlock { .. }) => return Ok(Err(UnlockState::Expired)),
        _ => return Ok(Err(UnlockState::Unknown)),
    };
    let read = app.store.read();
    if spent::find(&read, spent::Kind::Unlock, &link.id.to_string()).await? {
        return Ok(Err(UnlockState::Used));
    }
    let user = users::find(&read, user_id).await?.filter(|user| user.is_active() && user.auth_epoch == epoch);
    Ok(user.map(|user| (link, user)).ok_or(UnlockState::Unknown))
}

fn asking(params: &Params, link: &Link, user: &User) -> UnlockPage {
    let token = params.get("token").unwrap_or_default().to_owned();
    UnlockPage { token, codes: link.codes, email: email::masked(&user.email), ..UnlockPage::default() }
}

fn dead(app: &App, visit: &Visit, state: UnlockState) -> Response {
    show(app, visit, UnlockPage { state, ..UnlockPage::default() }, StatusCode::GONE)
}

fn show(app: &App, visit: &Visit, page: UnlockPage, status: StatusCode) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = UnlockPage { csrf_token: csrf::token(&app.sealer, &browser), ..page };
    with_cookie(app.pages.render_with_status(status, visit, visit.locale_for(None), &page), set_cookie)
}
