//! `/account/sessions`: "Devices and sessions".
//!
//! Routes: `GET /account/sessions` [`get`], `POST /account/sessions` [`post`].

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use uuid::Uuid;

use super::show;
use crate::account::confirm::{Detour, Then, signed_in};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::store::sessions::{self, Session};
use crate::store::{self, Conn, grants, users};
use crate::web::cookies::{Cookie, with_cookie};
use crate::web::pages::views::account::Done;
use crate::web::pages::views::devices::{SessionView, SessionsPage};
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// Why a session ended, in the audit.
const REASON: &str = "ended_by_the_person";

/// The sessions that live, this browser's first.
///
/// # Errors
/// A detour: not signed in; the store's.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Detour> {
    let current = signed_in(&app, &visit, Then::Sessions).await?;
    let mut views = Vec::new();
    for session in live(&app, &current).await? {
        views.push(view(&app, &session, session.id == current.session.id).await?);
    }
    let done = Done::said(query.as_deref().unwrap_or_default());
    Ok(show(&app, &visit, &current, StatusCode::OK, |csrf_token| SessionsPage { csrf_token, sessions: views, done }))
}

/// Ends one, or all others.
///
/// # Errors
/// A detour: not signed in; a form from another site; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let current = signed_in(&app, &visit, Then::Sessions).await?;
    if trust == Trust::Stale {
        return Err(Detour::To(Then::Sessions.path().to_owned()));
    }
    if form.get("others").is_some() {
        if !end_others(&app, &visit, &current).await? {
            return Err(Detour::To(Then::Sessions.path().to_owned()));
        }
        return Ok(Redirect::to(&Done::OthersEnded.on(Then::Sessions.path())).into_response());
    }
    let id = form.get("end").and_then(|id| id.parse::<Uuid>().ok());
    let live = live(&app, &current).await?;
    // Only their own: an id of somebody else's session ends nothing.
    let Some(session) = live.into_iter().find(|session| Some(session.id) == id) else {
        return Err(Detour::To(Then::Sessions.path().to_owned()));
    };
    if session.id == current.session.id {
        session::end(&app, &session, &session::origin(&visit)).await?;
        let out = Redirect::to("/login?notice=logged_out").into_response();
        return Ok(with_cookie(out, Some(Cookie::Session.remove(&app.issuer))));
    }
    let event = Event::new(Kind::SessionEnded, &session::origin(&visit)).user(session.user_id).session(session.id).detail("reason", REASON);
    end(&app, session, event).await?;
    Ok(Redirect::to(&Done::SessionEnded.on(Then::Sessions.path())).into_response())
}

/// Everything that others hold: every other session, sign-ins under way, browsers that are trusted, and what applications were granted; through the session
/// that goes on they get it again. Asked for twice at once it is done twice. `false`, and nothing done: the session that was to go on has ended itself.
///
/// # Errors
/// The store's.
pub(super) async fn end_others(app: &App, visit: &Visit, current: &Current) -> store::Result<bool> {
    let (kept, now) = (current.session.clone(), app.now());
    let event = Event::new(Kind::SessionsEnded, &session::origin(visit)).user(kept.user_id).session(kept.id);
    let ending = app.store.write(move |conn| {
        let (kept, event) = (kept.clone(), event.clone());
        Box::pin(async move {
            let kept = raise_epoch(conn, kept.id, now).await?;
            if kept {
                audit::record(conn, &event, now).await?;
            }
            Ok(kept)
        })
    });
    let kept = match ending.await {
        Err(store::Error::Conflict) => false,
        outcome => outcome?,
    };
    app.logout_waiting.notify_one();
    Ok(kept)
}

/// As often as somebody who does the same at the same moment may come in between.
const ATTEMPTS: u32 = 8;

/// The epoch that the session lives in is raised, and the session with it. `false`: it lives in none, and is not brought back to life.
async fn raise_epoch(conn: &Conn<'_>, kept: Uuid, now: Timestamp) -> store::Result<bool> {
    for _ in 0..ATTEMPTS {
        let Some(session) = sessions::find(conn, kept).await?.filter(|session| session.ended_at.is_none()) else { return Ok(false) };
        let Some(user) = users::find(conn, session.user_id).await? else { return Ok(false) };
        // Other epochs: the session's is dead, or somebody came in between the two readings.
        if session.epoch == user.auth_epoch && session::raise_epoch_within(conn, &user, Some(kept), REASON, now).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn end(app: &App, session: Session, event: Event) -> store::Result<()> {
    let now = app.now();
    app.store
        .write(move |conn| {
            let (session, event) = (session.clone(), event.clone());
            Box::pin(async move { session::end_within(conn, &session, &event, now).await })
        })
        .await?;
    app.logout_waiting.notify_one();
    Ok(())
}

/// Those a cookie would still open, the one of this browser first, then by last use.
async fn live(app: &App, current: &Current) -> store::Result<Vec<Session>> {
    let (now, idle) = (app.now(), app.config.session.idle.0);
    let mut live = sessions::list_live_by_user(&app.store.read(), current.user.id, now).await?;
    live.retain(|session| session.epoch == current.user.auth_epoch && session.last_seen_at > now.minus(session.idle_within(idle)));
    live.sort_by_key(|session| (session.id != current.session.id, std::cmp::Reverse(session.last_seen_at)));
    Ok(live)
}

async fn view(app: &App, session: &Session, current: bool) -> store::Result<SessionView> {
    let mut applications = Vec::new();
    for client_id in grants::list_clients_of_session(&app.store.read(), session.id).await? {
        if let Some(client) = app.clients.find(&client_id).await? {
            applications.push(client.name().to_owned());
        }
    }
    applications.sort();
    Ok(SessionView {
        id: session.id.to_string(),
        device: session.device.clone(),
        address: session.address.clone(),
        signed_in_at: session.created_at.secs(),
        last_seen_at: session.last_seen_at.secs(),
        current,
        applications,
    })
}
