//! "Notify account administrator".

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::super::{sessions, show};
use super::page;
use crate::account::confirm::{Detour, Then, signed_in};
use crate::account::{administrators, notice};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::store::buckets::{self, Take};
use crate::store::mails::{self, Mail};
use crate::store::{self, Conn};
use crate::web::pages::views::account::Done;
use crate::web::pages::views::activity::{ActivityPage, NotifyError};
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// What a person may write, in code points.
const MAX_WORDS: usize = 500;
/// Enough to be heard, too little to fill a mailbox.
pub const MESSAGES: Quota = Quota { burst: 3, per: Duration::from_hours(1) };

/// Mails the administrators, and ends the other sessions when that was ticked.
///
/// # Errors
/// A detour: not signed in; a form from another site; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let current = signed_in(&app, &visit, Then::Activity).await?;
    if trust == Trust::Stale {
        return Err(Detour::To(Then::Activity.path().to_owned()));
    }
    let words = form.get("words").unwrap_or_default().trim();
    if words.chars().count() > MAX_WORDS {
        return refuse(&app, &visit, &current, words, NotifyError::TooLong).await;
    }
    if !tell(&app, &visit, &current, words).await? {
        return refuse(&app, &visit, &current, words, NotifyError::TooOften).await;
    }
    if form.get("log_out_others").is_some() {
        sessions::end_others(&app, &visit, &current).await?;
    }
    Ok(Redirect::to(&Done::AdministratorNotified.on(Then::Activity.path())).into_response())
}

async fn refuse(app: &App, visit: &Visit, current: &Current, words: &str, error: NotifyError) -> Result<Response, Detour> {
    let (entries, next) = page(app, current, None).await?;
    Ok(show(app, visit, current, StatusCode::UNPROCESSABLE_ENTITY, |csrf_token| ActivityPage {
        csrf_token,
        entries,
        next,
        days: app.config.account.activity_shown.0.as_secs() / 86_400,
        words: words.to_owned(),
        error: Some(error),
        done: None,
    }))
}

/// Whether it was told; not when it was told too often.
async fn tell(app: &App, visit: &Visit, current: &Current, words: &str) -> store::Result<bool> {
    let now = app.now();
    let words = Some(words.to_owned()).filter(|words| !words.is_empty());
    let mails = administrators::mails(app, &current.user, words.as_deref(), &notice::place(visit, now)).await?;
    let event = Event::new(Kind::AdministratorNotified, &session::origin(visit)).user(current.user.id).session(current.session.id);
    let notice = Notice { event: event.detail("administrators", mails.len()), mails, now };
    let told = app
        .store
        .write(move |conn| {
            let notice = notice.clone();
            Box::pin(async move { notice.run(conn).await })
        })
        .await?;
    app.mail_waiting.notify_one();
    Ok(told)
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Notice {
    mails: Vec<Mail>,
    event: Event,
    now: Timestamp,
}

impl Notice {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<bool> {
        let Some(user_id) = self.event.user_id else { return Ok(false) };
        if let Take::Wait(_) = buckets::take(conn, &format!("notify-administrator:{user_id}"), MESSAGES, self.now).await? {
            return Ok(false);
        }
        for mail in &self.mails {
            mails::insert(conn, mail).await?;
        }
        audit::record(conn, &self.event, self.now).await?;
        Ok(true)
    }
}
