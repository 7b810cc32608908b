//! Mail to people: messages, the outbox, the ways out.
//!
//! Owns: what each mail says ([`Message`], templates in `templates/mail/`), sealing it into the outbox ([`prepare`]), sending. Must not: decide who gets
//! what and when (the rooms that know do). RFC 5322, RFC 5321, RFC 3834 §5; decision 0012.

mod compose;
mod letter;
mod message;
mod outbox;
pub mod samples;
mod transport;
mod words;

pub use message::{Message, Recipient, Where};
pub use outbox::deliver_due;

use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::{Config, StartupError};
use crate::secret::{self, Purpose, Sealer};
use crate::store::mails::{Mail, MailState};
use crate::web::Locale;
use crate::web::pages::views::mail::Letter;
use compose::{Outgoing, Sender};
use transport::{Failure, Reason, Transport};

/// The way out, as configured.
pub struct Mailer {
    sender: Sender,
    transport: Transport,
}

impl Mailer {
    /// # Errors
    /// A sender that is no address, a directory that cannot be written to, certificates that cannot be read.
    pub fn open(config: &Config) -> Result<Self, StartupError> {
        let fault = |(key, what): compose::Fault| StartupError::new(key, what);
        let sender = Sender::of(&config.mail, &config.brand).map_err(fault)?;
        Ok(Self { sender, transport: Transport::open(config).map_err(fault)? })
    }

    /// Tries the way out as far as it goes without a message. What was found.
    ///
    /// # Errors
    /// Why nothing would leave.
    pub async fn probe(&self) -> Result<String, String> {
        self.transport.probe().await
    }
}

/// What the outbox keeps, sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Content {
    to: Recipient,
    message: Message,
}

impl Content {
    /// Under the row's id: moved to another row it does not open.
    fn seal(&self, sealer: &Sealer, id: Uuid) -> Vec<u8> {
        // Our own plain structs: serialising them does not fail.
        let plain = serde_json::to_vec(self).unwrap_or_default();
        sealer.seal_bytes(Purpose::Mail, id.as_bytes(), &plain)
    }

    fn open(sealer: &Sealer, mail: &Mail) -> Option<Self> {
        serde_json::from_slice(&sealer.open_bytes(Purpose::Mail, mail.id.as_bytes(), &mail.content)?).ok()
    }

    fn compose(&self, app: &App, id: Uuid) -> Result<Outgoing, Failure> {
        let letter = self.letter(app);
        let locale = Locale::matching(&self.to.locale).unwrap_or_else(|| default_locale(app));
        // Wrong templates are mended by another version of this program.
        let rendered = app.pages.mail(locale, &letter).map_err(|why| Failure::Again(Reason::new("template", why)))?;
        app.mailer
            .sender
            .compose(id, self.message.kind(), &self.to, rendered, app.now())
            .map_err(|why| Failure::Final(Reason::new("message", why)))
    }

    fn letter(&self, app: &App) -> Letter {
        letter::letter(&self.message, &self.to, &app.issuer, app.mailer.sender.is_answered())
    }
}

fn default_locale(app: &App) -> Locale {
    Locale::matching(&app.config.brand.default_locale).unwrap_or_default()
}

/// A row for the outbox, to be put there by [`crate::store::mails::insert`] in the transaction of the act it is about. After the commit the caller
/// rings `app.mail_waiting`, so that it leaves at once.
#[must_use]
pub fn prepare(app: &App, to: &Recipient, message: &Message, now: Timestamp) -> Mail {
    let id = secret::id(now);
    let longest = app.config.mail.give_up_after.0;
    let content = Content { to: to.clone(), message: message.clone() };
    Mail {
        id,
        user_id: to.user_id,
        kind: message.kind().to_owned(),
        content: content.seal(&app.sealer, id),
        state: MailState::Pending,
        attempts: 0,
        next_attempt_at: now,
        last_error: None,
        created_at: now,
        expires_at: now.plus(message.useful_for().map_or(longest, |useful| useful.min(longest))),
    }
}

/// Sends a message now, past the outbox, for an operator who tries the settings. What the other side said.
///
/// # Errors
/// Why it was not taken.
pub async fn send_now(app: &App, to: &Recipient, message: &Message) -> Result<String, String> {
    let content = Content { to: to.clone(), message: message.clone() };
    let sent = async { app.mailer.transport.send(&content.compose(app, secret::id(app.now()))?).await };
    sent.await.map_err(|failure| match failure {
        Failure::Again(why) | Failure::Final(why) => why.text,
    })
}
