//! Mail to people: messages, the outbox, the ways out.
//!
//! Owns: what each mail says ([`Message`], templates in `templates/mail/`), sealing it into the outbox ([`prepare`]), sending. Must not: decide who gets
//! what and when (the rooms that know do).

mod message;

pub use message::{Message, Recipient, Where};

use std::time::Duration;

use crate::app::App;
use crate::clock::Timestamp;
use crate::secret::{self, Purpose};
use crate::store::mails::{Mail, MailState};

/// What the outbox keeps, sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Content {
    to: Recipient,
    message: Message,
}

/// A row for the outbox, to be put there by [`crate::store::mails::insert`] in the transaction of the act it is about. After the commit the caller
/// rings `app.mail_waiting`, so that it leaves at once.
#[must_use]
pub fn prepare(app: &App, to: &Recipient, message: &Message, now: Timestamp) -> Mail {
    let expires_at = now.plus(message.useful_for().unwrap_or(app.config.mail.give_up_after.0));
    let content = Content { to: to.clone(), message: message.clone() };
    Mail {
        id: secret::id(now),
        user_id: to.user_id,
        kind: message.kind().to_owned(),
        // It outlives the last attempt, so that what is given up can still be named.
        content: app.sealer.seal(Purpose::Mail, &content, expires_at.plus(Duration::from_hours(24))).into_bytes(),
        state: MailState::Pending,
        attempts: 0,
        next_attempt_at: now,
        last_error: None,
        created_at: now,
        expires_at,
    }
}
