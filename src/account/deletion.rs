//! Deleting an account: asked for, thought better of, done.
//!
//! From the request on nobody signs in to the account; within the grace period the link in the mail takes it back; afterwards a job removes the person with
//! everything of theirs. The audit stays, under an id that names nobody any more.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{administrators, notice};
use crate::app::App;
use crate::audit::chain::Statement;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::keys::Algorithm;
use crate::mail::{self, Message};
use crate::secret::{OpenError, Purpose};
use crate::session::{self, Current};
use crate::store::mails::{self, Mail};
use crate::store::user_security::{self, Security};
use crate::store::users::{self, User};
use crate::store::{self, Conn, people};
use crate::web::{Locale, Visit};

/// What the link in the mail carries. It says as which the account was left: whatever an operator has decided since comes first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelLink {
    cancel_deletion_of: Uuid,
    left_at: Timestamp,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It will be deleted then.
    Until(Timestamp),
    /// Somebody has to administer the service.
    LastAdministrator,
}

/// Disables the account, ends everything of it, mails the link back, and sets the time of its end.
///
/// # Errors
/// The store's.
pub async fn request(app: &App, visit: &Visit, current: &Current, locale: Locale) -> store::Result<Requested> {
    let now = app.now();
    let until = now.plus(app.config.account.deletion_grace.0);
    // Later than every change before: the row carries the same time, see `users::update_seen`.
    let left_at = now.max(current.user.updated_at.plus(std::time::Duration::from_millis(1)));
    let link = CancelLink { cancel_deletion_of: current.user.id, left_at };
    let token = app.sealer.seal(Purpose::CancelDeletion, &link, until);
    let cancel = app.issuer.url(&format!("/account/delete/cancel?token={token}"));
    let message = Message::AccountDeletion { at: until, cancel, place: notice::place(visit, now) };
    let event = Event::new(Kind::DeletionRequested, &session::origin(visit)).user(current.user.id).session(current.session.id);
    let request = Request {
        user: current.user.clone(),
        left_at,
        until,
        mail: mail::prepare(app, &notice::recipient(&current.user, locale), &message, now),
        event,
        now,
    };
    let requested = app
        .store
        .write(move |conn| {
            let request = request.clone();
            Box::pin(async move { request.run(conn).await })
        })
        .await?;
    app.mail_waiting.notify_one();
    app.logout_waiting.notify_one();
    Ok(requested)
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Request {
    user: User,
    left_at: Timestamp,
    until: Timestamp,
    mail: Mail,
    event: Event,
    now: Timestamp,
}

impl Request {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Requested> {
        let user = &self.user;
        if user.administrator && administrators::is_last_within(conn, user.id).await? {
            return Ok(Requested::LastAdministrator);
        }
        session::end_all_within(conn, user.id, "account_deletion", self.now).await?;
        let left = User { enabled: false, auth_epoch: user.auth_epoch.saturating_add(1), updated_at: self.left_at, ..user.clone() };
        users::update_seen(conn, &left, user.updated_at).await?;
        let security = user_security::find(conn, user.id).await?;
        user_security::update(conn, user.id, &security, &Security { delete_at: Some(self.until), left_at: Some(self.left_at), ..security })
            .await?;
        mails::insert(conn, &self.mail).await?;
        audit::record(conn, &self.event, self.now).await?;
        Ok(Requested::Until(self.until))
    }
}

/// Whether a link can still take a deletion back.
#[derive(Debug)]
pub enum Cancel {
    Can(Box<User>, Timestamp),
    /// Done already, by this link or by "This wasn't me".
    Kept,
    /// Too late, or decided otherwise by an operator.
    Over,
    NotOurs,
}

/// What a link is worth. Looking spends nothing.
///
/// # Errors
/// The store's.
pub async fn look(app: &App, token: &str) -> store::Result<Cancel> {
    let link: CancelLink = match app.sealer.open(Purpose::CancelDeletion, token, app.now()) {
        Ok(link) => link,
        Err(OpenError::Expired(_)) => return Ok(Cancel::Over),
        Err(OpenError::Invalid) => return Ok(Cancel::NotOurs),
    };
    let read = app.store.read();
    let user = users::find(&read, link.cancel_deletion_of).await?;
    let security = user_security::find(&read, link.cancel_deletion_of).await?;
    Ok(match (user, security.delete_at) {
        (Some(user), Some(at)) if is_pending(&user, &security) && user.updated_at == link.left_at => Cancel::Can(Box::new(user), at),
        (Some(user), None) if user.enabled => Cancel::Kept,
        _ => Cancel::Over,
    })
}

/// Whether the account is closed because its person asked for its end, and for no reason of an operator's that came later.
#[must_use]
pub fn is_pending(user: &User, security: &Security) -> bool {
    !user.enabled && security.delete_at.is_some() && security.left_at == Some(user.updated_at)
}

/// Takes it back. Whether this call did.
///
/// # Errors
/// The store's.
pub async fn cancel(app: &App, visit: &Visit, user: &User) -> store::Result<bool> {
    let now = app.now();
    let message = Message::AccountDeletionCancelled { place: notice::place(visit, now) };
    let own = user.profile.locale.as_deref().and_then(Locale::matching).unwrap_or(visit.locale);
    let mail = mail::prepare(app, &notice::recipient(user, own), &message, now);
    let event = Event::new(Kind::DeletionCancelled, &session::origin(visit)).user(user.id);
    let left = user.clone();
    let cancelled = app
        .store
        .write(move |conn| {
            let (left, mail, event) = (left.clone(), mail.clone(), event.clone());
            Box::pin(async move {
                let seen = left.updated_at;
                users::update_seen(conn, &User { enabled: true, updated_at: now, ..left.clone() }, seen).await?;
                let security = user_security::find(conn, left.id).await?;
                user_security::update(conn, left.id, &security, &Security { delete_at: None, left_at: None, ..security }).await?;
                mails::insert(conn, &mail).await?;
                audit::record(conn, &event, now).await
            })
        })
        .await;
    match cancelled {
        Ok(()) => {
            app.mail_waiting.notify_one();
            Ok(true)
        }
        Err(store::Error::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The signed word that somebody is removed now, for the audit chain.
///
/// # Errors
/// When there is no key to sign with.
pub fn statement(app: &App, user_id: Uuid) -> store::Result<Statement> {
    let signer = app.keys.signer(Algorithm::ES256).map_err(|error| store::Error::Database(error.to_string()))?;
    Statement::of_person(&signer, app.issuer.as_str(), user_id, app.now())
}

/// Removes one person whose time has come. Whether they were removed: a cancellation may have come first.
///
/// # Errors
/// The store's.
pub async fn remove(app: &App, user_id: Uuid) -> store::Result<bool> {
    let now = app.now();
    let statement = statement(app, user_id)?;
    app.store
        .write(move |conn| {
            let statement = statement.clone();
            Box::pin(async move {
                if !people::redeem_deletion(conn, user_id, now).await? {
                    return Ok(false);
                }
                statement.record(conn, Event::new(Kind::UserRemoved, &Origin::default()).user(user_id), now).await?;
                Ok(true)
            })
        })
        .await
}
