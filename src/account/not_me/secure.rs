//! What "This wasn't me" does.

use std::sync::Arc;

use super::super::administrators;
use super::super::notice::{place, recipient};
use super::super::password_reset;
use super::standing::{self, Nothing, Standing};
use super::{LIFETIME, Link};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::mail::{self, Message};
use crate::session;
use crate::store::mails::{self, Mail};
use crate::store::password_resets::Reset;
use crate::store::users::{self, User};
use crate::store::{self, Conn, former_addresses, passkeys, spent, user_security};
use crate::web::Visit;

/// How often it is begun anew when somebody changes the account in the same moment: whoever took it over must not be able to hold this up.
const TRIES: u32 = 8;

pub(super) enum Outcome {
    Secured,
    /// At the same moment, by another click.
    Used,
    /// The address has become another one in this moment.
    Nothing(Nothing),
}

/// One transaction: the link is spent; the address it was sent to is the account's again, and a deletion is taken back; sessions and grants end and the
/// password is gone; the account's security is frozen; the mail with a new password, the one that tells what was done and those to administrators are put
/// out; the audit event. The account's row is written only while it is the one that was read, so that nothing anybody does meanwhile is decided upon
/// unseen.
///
/// # Errors
/// The store's.
pub(super) async fn secure(app: &App, visit: &Visit, link: &Link) -> store::Result<Outcome> {
    for _ in 1..TRIES {
        match attempt(app, visit, link).await {
            Err(store::Error::Conflict) => {}
            outcome => return outcome,
        }
    }
    attempt(app, visit, link).await
}

async fn attempt(app: &App, visit: &Visit, link: &Link) -> store::Result<Outcome> {
    let now = app.now();
    let standing = match standing::find(&app.store.read(), link, now).await? {
        Ok(standing) => standing,
        Err(nothing) => return Ok(Outcome::Nothing(nothing)),
    };
    let user = standing.secured(link, now);
    let locale = visit.locale_for(None);
    let (reset, reset_mail) = password_reset::prepare(app, visit, &user, locale);
    let mut others = administrators::mails(app, &user, None, &place(visit, now)).await?;
    let secured = Message::AccountSecured { reset: app.issuer.url("/password/reset"), place: place(visit, now) };
    others.push(mail::prepare(app, &recipient(&user, locale), &secured, now));
    let event = |kind| Event::new(kind, &session::origin(visit)).user(user.id);
    let securing = Arc::new(Securing {
        link: link.clone(),
        event: event(Kind::NotMe).detail("address_restored", standing.restores),
        cancelled: standing.revives.then(|| event(Kind::DeletionCancelled).detail("by", "not_me")),
        standing,
        user,
        reset,
        reset_mail,
        others,
        now,
    });
    let first = app
        .store
        .write(move |conn| {
            let securing = Arc::clone(&securing);
            Box::pin(async move { securing.run(conn).await })
        })
        .await?;
    if !first {
        return Ok(Outcome::Used);
    }
    app.mail_waiting.notify_one();
    app.logout_waiting.notify_one();
    Ok(Outcome::Secured)
}

struct Securing {
    link: Link,
    standing: Standing,
    /// As it is to be.
    user: User,
    reset: Reset,
    reset_mail: Mail,
    others: Vec<Mail>,
    event: Event,
    cancelled: Option<Event>,
    now: Timestamp,
}

impl Securing {
    /// # Errors
    /// `Conflict` when the account was changed since it was read: then all of this is rolled back.
    async fn run(&self, conn: &Conn<'_>) -> store::Result<bool> {
        let Self { standing, user, now, .. } = self;
        if !spent::redeem(conn, spent::Kind::NotMe, &self.link.id.to_string(), now.plus(LIFETIME)).await? {
            return Ok(false);
        }
        users::update_seen(conn, user, standing.user.updated_at).await?;
        if standing.restores {
            former_addresses::revoke(conn, user.id).await?;
        }
        // Whoever added one could come back with it and no password; as a second factor it is worth nothing to them.
        passkeys::update_not_alone(conn, user.id).await?;
        let sessions = session::end_all_within(conn, user.id, "not_me", *now).await?;
        user_security::update(conn, user.id, &standing.security, &standing.frozen(*now)).await?;
        password_reset::insert_within(conn, &self.reset, &self.reset_mail).await?;
        for mail in &self.others {
            mails::insert(conn, mail).await?;
        }
        let event = self.event.clone().detail("sessions", sessions).detail("administrators", self.others.len().saturating_sub(1));
        audit::record(conn, &event, *now).await?;
        if let Some(event) = &self.cancelled {
            audit::record(conn, event, *now).await?;
        }
        Ok(true)
    }
}
