//! The new password.

use std::sync::Arc;

use super::super::notice::{place, recipient};
use super::super::{guesses, not_me};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::mail::{self, Message};
use crate::session;
use crate::store::mails::{self, Mail};
use crate::store::password_resets::{self, Reset};
use crate::store::user_security::{self, Security};
use crate::store::users::{self, User};
use crate::store::{self, Conn, addresses};
use crate::telemetry::metrics::Reset as Stage;
use crate::web::{Locale, Visit};

/// Sets the password that `password_hash` was made of, if this reset is still live and was used by nobody else. Whether it was.
///
/// One transaction: the reset is used, every session and grant ends (the epoch rises), a freeze after "This wasn't me" is lifted, the address is
/// confirmed (only its owner could read the mail), a mail tells, the audit event. No session begins, and the second factor stays as it is.
///
/// # Errors
/// The store's.
pub async fn finish(app: &App, visit: &Visit, live: &(Reset, User), password_hash: String, locale: Locale) -> store::Result<bool> {
    let (reset, user) = live;
    let now = app.now();
    let message = Message::PasswordChanged { place: place(visit, now), not_me: not_me::link(app, user, now) };
    let finishing = Arc::new(Finishing {
        reset: reset.clone(),
        password_hash,
        mail: mail::prepare(app, &recipient(user, locale), &message, now),
        event: Event::new(Kind::PasswordReset, &session::origin(visit)).user(user.id),
        now,
    });
    let done = app
        .store
        .write(move |conn| {
            let finishing = Arc::clone(&finishing);
            Box::pin(async move { finishing.run(conn).await })
        })
        .await?;
    if done {
        app.metrics.password_reset(Stage::Done);
        app.mail_waiting.notify_one();
        app.logout_waiting.notify_one();
    }
    Ok(done)
}

struct Finishing {
    reset: Reset,
    password_hash: String,
    mail: Mail,
    event: Event,
    now: Timestamp,
}

impl Finishing {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<bool> {
        let (user_id, now) = (self.reset.user_id, self.now);
        if !password_resets::redeem(conn, user_id, self.reset.id, now).await? {
            return Ok(false);
        }
        let Some(user) = users::find(conn, user_id).await?.filter(|user| user.is_active() && user.auth_epoch == self.reset.epoch) else {
            return Ok(false);
        };
        users::update_password(conn, user_id, &self.password_hash, now).await?;
        guesses::lift_within(conn, user_id).await?;
        if !user.email_verified {
            addresses::update_verified(conn, user_id, &user.email, now).await?;
        }
        let sessions = session::end_all_within(conn, user_id, "password_reset", now).await?;
        let security = user_security::find(conn, user_id).await?;
        let unfrozen = security.frozen_at.is_some();
        user_security::update(conn, user_id, &security, &Security { frozen_at: None, password_changed_at: Some(now), ..security }).await?;
        mails::insert(conn, &self.mail).await?;
        let event = self.event.clone().detail("sessions", sessions).detail("unfrozen", unfrozen);
        audit::record(conn, &event, now).await?;
        Ok(true)
    }
}
