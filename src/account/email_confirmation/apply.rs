//! What a confirmation does.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::super::mail_link::{self, MailLink, Opened};
use super::super::not_me::{self, RESTORABLE};
use super::super::notice::{place, recipient};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::mail::{self, Message};
use crate::session;
use crate::store::mails::{self, Mail};
use crate::store::users::{self, User};
use crate::store::{self, Conn, addresses, former_addresses, password_resets, spent};
use crate::web::Visit;

/// Longer than a link can be opened.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// What a link of this kind can still do, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Confirms this address.
    Open {
        email: String,
        /// Whose address it is to replace.
        changes: Option<Uuid>,
    },
    /// Only whoever it is for, signed in, can use it: a wrong letter in the address would give the account to whoever reads mail there.
    Another,
    Done,
    Used,
    Expired,
    Unknown,
    /// Somebody else's meanwhile.
    Taken,
}

/// Looks at it; nothing is used.
///
/// # Errors
/// The store's.
pub(super) async fn look(app: &App, token: &str) -> store::Result<State> {
    let (id, open) = match mail_link::open(app, token) {
        Opened::TooLate(MailLink::ConfirmEmail { .. } | MailLink::ChangeEmail { .. }) => return Ok(State::Expired),
        Opened::InTime(MailLink::ConfirmEmail { id, email, .. }) => (id, State::Open { email, changes: None }),
        Opened::InTime(MailLink::ChangeEmail { id, user_id, to, .. }) => (id, State::Open { email: to, changes: Some(user_id) }),
        _ => return Ok(State::Unknown),
    };
    let used = spent::find(&app.store.read(), spent::Kind::ConfirmEmail, &id.to_string()).await?;
    Ok(if used { State::Used } else { open })
}

/// Does it, once. `by`: who is signed in here.
///
/// # Errors
/// The store's.
pub(super) async fn apply(app: &App, visit: &Visit, token: &str, by: Option<&User>) -> store::Result<State> {
    let now = app.now();
    let event = |kind, user_id| Event::new(kind, &session::origin(visit)).user(user_id);
    let applying = match mail_link::open(app, token) {
        Opened::InTime(MailLink::ConfirmEmail { id, user_id, email }) => {
            Applying { id, user_id, email, change: None, event: event(Kind::EmailVerified, user_id), now }
        }
        Opened::InTime(MailLink::ChangeEmail { id, user_id, from, to, epoch }) => {
            let Some(user) = by.filter(|user| user.id == user_id) else { return Ok(State::Another) };
            // To the address so far, as which they asked: with any other nothing happens.
            let user = &User { email: from.clone(), ..user.clone() };
            let told =
                Message::EmailChanged { new_email: to.clone(), done: true, place: place(visit, now), not_me: not_me::link(app, user, now) };
            let mail = mail::prepare(app, &recipient(user, visit.locale_for(None)), &told, now);
            Applying { id, user_id, email: to, change: Some(Change { from, epoch, mail }), event: event(Kind::EmailChanged, user_id), now }
        }
        Opened::TooLate(_) => return Ok(State::Expired),
        _ => return Ok(State::Unknown),
    };
    let applying = Arc::new(applying);
    let done = app
        .store
        .write(move |conn| {
            let applying = Arc::clone(&applying);
            Box::pin(async move { applying.run(conn).await })
        })
        .await;
    app.mail_waiting.notify_one();
    match done {
        Err(store::Error::Conflict) => Ok(State::Taken),
        other => other,
    }
}

struct Applying {
    id: Uuid,
    user_id: Uuid,
    email: String,
    change: Option<Change>,
    event: Event,
    now: Timestamp,
}

struct Change {
    from: String,
    epoch: i64,
    /// To the address so far.
    mail: Mail,
}

impl Applying {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<State> {
        let (user_id, now) = (self.user_id, self.now);
        if !spent::redeem(conn, spent::Kind::ConfirmEmail, &self.id.to_string(), now.plus(REMEMBERED)).await? {
            return Ok(State::Used);
        }
        match &self.change {
            None if !addresses::update_verified(conn, user_id, &self.email, now).await? => return Ok(State::Unknown),
            None => {}
            Some(_) if users::find_by_email(conn, &self.email).await?.is_some() => return Ok(State::Taken),
            // "This wasn't me" raises the epoch, as everything does that ends what was asked for before it.
            Some(change) if !addresses::update_seen(conn, (user_id, &change.from, change.epoch), &self.email, now).await? => {
                return Ok(State::Unknown);
            }
            Some(change) => {
                former_addresses::insert(conn, user_id, &change.from, now.plus(RESTORABLE), now).await?;
                // A link to a new password that waits in the old mailbox is of no use any more.
                password_resets::revoke(conn, user_id).await?;
                mails::insert(conn, &change.mail).await?;
            }
        }
        audit::record(conn, &self.event, now).await?;
        Ok(State::Done)
    }
}
