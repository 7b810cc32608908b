//! Asking for the mail.

use std::time::Duration;

use super::super::mail_link::MailLink;
use super::super::mailed::{self, Mailed};
use super::super::not_me;
use super::super::notice::{place, recipient};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::mail::{self, Message, Recipient};
use crate::secret;
use crate::session;
use crate::store;
use crate::store::buckets::{self, Take};
use crate::store::mails::{self, Mail};
use crate::store::users::User;
use crate::web::Visit;

/// Longer than a new password may wait: it gives nobody anything but the address they read it at.
const LIFETIME: Duration = Duration::from_hours(1);

/// Mails a link and a code to the account's own address; none when it had too many mails within the hour.
///
/// # Errors
/// The store's.
pub async fn confirm(app: &App, visit: &Visit, user: &User) -> store::Result<Option<Mailed>> {
    let id = secret::random_id();
    let link = MailLink::ConfirmEmail { id, user_id: user.id, email: user.email.clone() };
    let made = mailed::make(app, id, &link, &user.email, app.now().plus(LIFETIME));
    let mail = mail::prepare(app, &recipient(user, visit.locale_for(None)), &message(app, &made), app.now());
    Ok(put_out(app, user, vec![mail], None).await?.then_some(made.sent))
}

/// Mails a link and a code to the address that is to become the account's, and a word to the one it has. `to` is canonical. Whose it is already is
/// not looked at: the mail goes out all the same, and the unique index decides in the end.
///
/// # Errors
/// The store's.
pub async fn change(app: &App, visit: &Visit, user: &User, to: &str) -> store::Result<Option<Mailed>> {
    let (id, now) = (secret::random_id(), app.now());
    let link = MailLink::ChangeEmail { id, user_id: user.id, from: user.email.clone(), to: to.to_owned(), epoch: user.auth_epoch };
    let made = mailed::make(app, id, &link, to, now.plus(LIFETIME));
    let own = recipient(user, visit.locale_for(None));
    let confirm = mail::prepare(app, &Recipient { email: to.to_owned(), ..own.clone() }, &message(app, &made), now);
    // Pressed after the change, the link must still lead back to this address.
    let not_me = not_me::link_keeping(app, user.id, &user.email, now).await?;
    let word = Message::EmailChanged { new_email: to.to_owned(), done: false, place: place(visit, now), not_me };
    let event = Event::new(Kind::EmailChangeRequested, &session::origin(visit)).user(user.id);
    Ok(put_out(app, user, vec![confirm, mail::prepare(app, &own, &word, now)], Some(event)).await?.then_some(made.sent))
}

fn message(app: &App, made: &mailed::Made) -> Message {
    let link = app.issuer.url(&format!("/email/confirm?token={}", made.token));
    Message::ConfirmEmail { link, code: made.code.clone(), minutes: u32::try_from(LIFETIME.as_secs() / 60).unwrap_or(u32::MAX) }
}

/// Whether the mails were put out.
async fn put_out(app: &App, user: &User, mails: Vec<Mail>, event: Option<Event>) -> store::Result<bool> {
    let (key, quota, now) = (format!("confirm-email-account:{}", user.id), app.config.recovery.mails_per_account, app.now());
    let done = app
        .store
        .write(move |conn| {
            let (key, mails, event) = (key.clone(), mails.clone(), event.clone());
            Box::pin(async move {
                if let Take::Wait(_) = buckets::take(conn, &key, quota, now).await? {
                    return Ok(false);
                }
                for mail in &mails {
                    mails::insert(conn, mail).await?;
                }
                if let Some(event) = &event {
                    audit::record(conn, event, now).await?;
                }
                Ok(true)
            })
        })
        .await?;
    app.mail_waiting.notify_one();
    Ok(done)
}
