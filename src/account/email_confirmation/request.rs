//! Asking for the mail.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::mail_budget::MailBudget;
use super::super::mail_link::MailLink;
use super::super::mailed::{self, Mailed};
use super::super::not_me;
use super::super::notice::{place, recipient};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::mail::{self, Message, Recipient};
use crate::secret::{self, Purpose};
use crate::session;
use crate::store;
use crate::store::mails::{self, Mail};
use crate::store::users::User;
use crate::web::{Visit, address};

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
    Ok(put_out(app, (visit, user, &user.email), vec![mail], None).await?.then_some(made.sent))
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
    let not_me = not_me::link(app, user, now);
    let word = Message::EmailChanged { new_email: to.to_owned(), done: false, place: place(visit, now), not_me };
    let event = Event::new(Kind::EmailChangeRequested, &session::origin(visit)).user(user.id);
    let mails = vec![confirm, mail::prepare(app, &own, &word, now)];
    Ok(put_out(app, (visit, user, to), mails, Some(event)).await?.then_some(made.sent))
}

fn message(app: &App, made: &mailed::Made) -> Message {
    let link = app.issuer.url(&format!("/email/confirm?token={}", made.token));
    Message::ConfirmEmail { link, code: made.code.clone(), minutes: u32::try_from(LIFETIME.as_secs() / 60).unwrap_or(u32::MAX) }
}

/// How many mails an account, a client address and a mailbox that gets them may cause: whoever has an account must not be able to fill the mailboxes of
/// others, nor one of them from many accounts.
fn budget(app: &App, (visit, user, to): (&Visit, &User, &str)) -> MailBudget {
    let limits = &app.config.recovery;
    // Keyed, so that the table names no mailboxes.
    let to = URL_SAFE_NO_PAD.encode(app.sealer.mac(Purpose::MailLink, &[b"confirm-email", to.as_bytes()].concat()));
    MailBudget::new(
        app,
        [
            (format!("confirm-email-address:{}", address::class(visit.address)), limits.mails_per_address),
            (format!("confirm-email-account:{}", user.id), limits.mails_per_account),
            (format!("confirm-email-to:{to}"), limits.mails_per_account),
        ],
    )
}

/// Whether the mails were put out.
async fn put_out(app: &App, whom: (&Visit, &User, &str), mails: Vec<Mail>, event: Option<Event>) -> store::Result<bool> {
    let (budget, now) = (budget(app, whom), app.now());
    let done = app
        .store
        .write(move |conn| {
            let (budget, mails, event) = (budget.clone(), mails.clone(), event.clone());
            Box::pin(async move {
                if budget.take(conn, now).await?.is_some() {
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
