//! What "This wasn't me" does.

use std::sync::Arc;

use super::super::administrators;
use super::super::notice::{place, recipient};
use super::super::password_reset;
use super::{LIFETIME, Link};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::mail::{self, Message};
use crate::session;
use crate::store::mails::{self, Mail};
use crate::store::password_resets::Reset;
use crate::store::user_security::{self, Security};
use crate::store::users::{self, User};
use crate::store::{self, Conn, addresses, passkeys, spent};
use crate::web::Visit;

pub(super) enum Outcome {
    Secured,
    /// At the same moment, by another click.
    Used,
}

/// One transaction: the link is spent; the address it restores is back; sessions and grants end and the password is gone; the account's security is
/// frozen; the mail with a new password, the one that tells what was done and those to administrators are put out; the audit event.
///
/// # Errors
/// The store's.
pub(super) async fn secure(app: &App, visit: &Visit, link: &Link, user: &User) -> store::Result<Outcome> {
    let now = app.now();
    let restored = restored(app, link, now).await?;
    let user = &User { email: restored.clone().unwrap_or_else(|| user.email.clone()), ..user.clone() };
    let locale = visit.locale_for(None);
    let (reset, reset_mail) = password_reset::prepare(app, visit, user, locale);
    let mut others = administrators::mails(app, user, None, &place(visit, now)).await?;
    others.push(mail::prepare(app, &recipient(user, locale), &Message::AccountSecured { place: place(visit, now) }, now));
    let event = Event::new(Kind::NotMe, &session::origin(visit)).user(user.id).detail("address_restored", restored.is_some());
    let securing = Arc::new(Securing { link: link.clone(), restored, reset, reset_mail, others, event, now });
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

/// The address to give back: in time, and nobody else's meanwhile.
async fn restored(app: &App, link: &Link, now: Timestamp) -> store::Result<Option<String>> {
    let Some(restores) = link.restores.as_ref().filter(|restores| now < restores.until) else { return Ok(None) };
    let owner = users::find_by_email(&app.store.read(), &restores.email).await?;
    Ok(owner.is_none().then(|| restores.email.clone()))
}

struct Securing {
    link: Link,
    restored: Option<String>,
    reset: Reset,
    reset_mail: Mail,
    others: Vec<Mail>,
    event: Event,
    now: Timestamp,
}

impl Securing {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<bool> {
        let (user_id, now) = (self.link.user_id, self.now);
        if !spent::redeem(conn, spent::Kind::NotMe, &self.link.id.to_string(), now.plus(LIFETIME)).await? {
            return Ok(false);
        }
        if let Some(email) = &self.restored {
            addresses::update(conn, user_id, email, now).await?;
        }
        let epoch = users::revoke_password(conn, user_id, now).await?;
        // Whoever added one could come back with it and no password; as a second factor it is worth nothing to them.
        passkeys::update_not_alone(conn, user_id).await?;
        let sessions = session::end_all_within(conn, user_id, "not_me", now).await?;
        let security = user_security::find(conn, user_id).await?;
        user_security::update(conn, user_id, &security, &Security { frozen_at: security.frozen_at.or(Some(now)), ..security }).await?;
        password_reset::insert_within(conn, &Reset { epoch, ..self.reset.clone() }, &self.reset_mail).await?;
        for mail in &self.others {
            mails::insert(conn, mail).await?;
        }
        let event = self.event.clone().detail("sessions", sessions).detail("administrators", self.others.len().saturating_sub(1));
        audit::record(conn, &event, now).await?;
        Ok(true)
    }
}
