//! The page.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::super::email;
use super::secure::{Outcome, secure};
use super::standing::{self, Nothing, Standing};
use super::{Link, Refusal, open};
use crate::app::App;
use crate::session::browser::{self, Trust};
use crate::store;
use crate::store::spent;
use crate::web::cookies::{Cookie, with_cookie};
use crate::web::pages::views::recovery::{NotMePage, NotMeState};
use crate::web::{ErrorKind, PageError, StrictForm, StrictQuery, Visit, csrf};

const HERE: &str = "/not-me";

/// Longer ones are not ours.
const MAX_TOKEN: usize = 2000;

/// With `?token=…` the link of a mail: it goes into this browser's cookie, and the browser to the same page without it, so that no history and no referrer
/// has it. Without: whose account it is, and what the button does; or why the link does nothing any more. Looking changes nothing.
///
/// # Errors
/// A page: a query that is none; the store.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    if let Some(token) = query.get("token") {
        // What is not ours is said on the page: a cookie holds base64url alone.
        let ours = token.len() <= MAX_TOKEN && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let kept = if ours { Cookie::NotMe.set(&app.issuer, token, None) } else { Cookie::NotMe.remove(&app.issuer) };
        return Ok(with_cookie(Redirect::to(HERE).into_response(), Some(kept)));
    }
    if query.get("done").is_some() {
        return Ok(show(&app, &visit, NotMePage { state: NotMeState::Done, ..NotMePage::default() }, StatusCode::OK));
    }
    Ok(match look(&app, &visit).await? {
        Ok((link, standing)) => show(&app, &visit, asking(&link, &standing), StatusCode::OK),
        Err(state) => dead(&app, &visit, state),
    })
}

/// Does it, once.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &posted)?;
    let (link, standing) = match look(&app, &visit).await? {
        Ok(found) => found,
        Err(state) => return Ok(dead(&app, &visit, state)),
    };
    if trust == Trust::Stale {
        let page = NotMePage { refreshed: true, ..asking(&link, &standing) };
        return Ok(show(&app, &visit, page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    Ok(match secure(&app, &visit, &link).await? {
        Outcome::Secured => Redirect::to("/not-me?done=1").into_response(),
        Outcome::Used => dead(&app, &visit, NotMeState::Used),
        Outcome::Nothing(nothing) => dead(&app, &visit, nothing.into()),
    })
}

/// The link that this browser opened, while it can be used, and its account.
async fn look(app: &App, visit: &Visit) -> store::Result<Result<(Link, Standing), NotMeState>> {
    let link = match open(app, visit.cookie(Cookie::NotMe.name(&app.issuer)).unwrap_or_default()) {
        Ok(link) => link,
        Err(Refusal::TooLate) => return Ok(Err(NotMeState::Expired)),
        Err(Refusal::NotOurs) => return Ok(Err(NotMeState::Unknown)),
    };
    let read = app.store.read();
    if spent::find(&read, spent::Kind::NotMe, &link.id.to_string()).await? {
        return Ok(Err(NotMeState::Used));
    }
    let standing = standing::find(&read, &link, app.now()).await?;
    Ok(standing.map(|standing| (link, standing)).map_err(NotMeState::from))
}

impl From<Nothing> for NotMeState {
    fn from(nothing: Nothing) -> Self {
        match nothing {
            Nothing::Nobody => Self::Unknown,
            Nothing::Moved => Self::Moved,
        }
    }
}

fn asking(link: &Link, standing: &Standing) -> NotMePage {
    NotMePage { email: email::masked(&link.email), restores: standing.restores, revives: standing.revives, ..NotMePage::default() }
}

fn dead(app: &App, visit: &Visit, state: NotMeState) -> Response {
    show(app, visit, NotMePage { state, ..NotMePage::default() }, StatusCode::GONE)
}

fn show(app: &App, visit: &Visit, page: NotMePage, status: StatusCode) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = NotMePage { csrf_token: csrf::token(&app.sealer, &browser), ..page };
    with_cookie(app.pages.render_with_status(status, visit, visit.locale_for(None), &page), set_cookie)
}
