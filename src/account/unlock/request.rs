//! Asking for the mail.

use std::sync::Arc;

use uuid::Uuid;

use super::super::email;
use super::super::guesses::{self, nobody};
use super::super::mail_budget::MailBudget;
use super::super::mail_link::{self, MailLink};
use super::super::notice::{place, recipient};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::mail::{self, Message, Recipient};
use crate::mfa::attempts::Counter;
use crate::secret;
use crate::session;
use crate::store::mails::{self, Mail, MailState};
use crate::store::users::{self, User};
use crate::store::{self, Conn, failures};
use crate::web::{Locale, Visit, address};

/// Whose pause is to be lifted.
pub(super) enum Whom {
    /// Wrong passwords for the address typed, which may be nobody's.
    Typed(String),
    /// Wrong codes of somebody who has given their password; in a browser that knows them, those that were counted there.
    Codes(Box<User>, Option<Uuid>),
}

/// At most one mail leaves: if there is such a person, something to lift, and not too many were sent.
///
/// # Errors
/// The store's.
pub(super) async fn request(app: &App, visit: &Visit, whom: Whom, locale: Locale) -> store::Result<()> {
    let now = app.now();
    let (codes, typed, user) = match whom {
        Whom::Codes(user, device) => (Some(Counter::made(&app.config.limits, user.id, device)), String::new(), Some(*user)),
        Whom::Typed(typed) => {
            let typed = email::canonical(&typed).unwrap_or(typed);
            let user = users::find_by_email(&app.store.read(), &typed).await?;
            (None, typed, user)
        }
    };
    let account = user.as_ref().map_or_else(|| nobody(app, &typed), |user| user.id);
    let limits = &app.config.recovery;
    let asking = Arc::new(Asking {
        budget: MailBudget::new(
            app,
            [
                (format!("unlock-address:{}", address::class(visit.address)), limits.mails_per_address),
                (format!("unlock-account:{account}"), limits.mails_per_account),
            ],
        ),
        account,
        ceiling: guesses::strangers(app).ceiling,
        mail: letter(app, visit, (account, user.as_ref(), codes.as_ref()), locale, now),
        event: user.as_ref().filter(|user| user.is_active()).map(|user| {
            let event = Event::new(Kind::UnlockRequested, &session::origin(visit)).user(user.id);
            event.detail("what", if codes.is_some() { "codes" } else { "passwords" })
        }),
        codes,
        now,
    });
    app.store
        .write(move |conn| {
            let asking = Arc::clone(&asking);
            Box::pin(async move { asking.run(conn).await })
        })
        .await?;
    app.mail_waiting.notify_one();
    Ok(())
}

struct Asking {
    budget: MailBudget,
    account: Uuid,
    ceiling: i32,
    /// Where codes are counted, when it is they.
    codes: Option<Counter>,
    mail: Mail,
    /// None: nobody is there to get a mail.
    event: Option<Event>,
    now: Timestamp,
}

impl Asking {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<()> {
        if self.budget.take(conn, self.now).await?.is_some() || !self.is_paused(conn).await? {
            return Ok(());
        }
        mails::insert(conn, &self.mail).await?;
        match &self.event {
            Some(event) => audit::record(conn, event, self.now).await,
            None => Ok(()),
        }
    }

    async fn is_paused(&self, conn: &Conn<'_>) -> store::Result<bool> {
        if let Some(counter) = &self.codes {
            return Ok(counter.find_blocked(conn, self.now).await?.is_some());
        }
        Ok(failures::find(conn, &guesses::key(self.account)).await?.is_some_and(|row| row.failures >= self.ceiling))
    }
}

fn letter(
    app: &App,
    visit: &Visit,
    (account, user, codes): (Uuid, Option<&User>, Option<&Counter>),
    locale: Locale,
    now: Timestamp,
) -> Mail {
    let ttl = app.config.recovery.link_ttl.0;
    let (device, epoch) = (codes.and_then(Counter::device), user.map_or(0, |user| user.auth_epoch));
    let codes = codes.is_some();
    let link = MailLink::Unlock { id: secret::random_id(), user_id: account, codes, device, epoch };
    let message = Message::Unlock {
        link: app.issuer.url(&format!("/login/unlock?token={}", mail_link::seal(app, &link, now.plus(ttl)))),
        minutes: u32::try_from(ttl.as_secs() / 60).unwrap_or(u32::MAX).max(1),
        codes,
        place: place(visit, now),
    };
    let nobody = || Recipient { user_id: None, email: String::new(), name: None, locale: locale.tag().to_owned() };
    let to = user.map_or_else(nobody, |user| recipient(user, locale));
    let mail = mail::prepare(app, &to, &message, now);
    match user {
        Some(user) if user.is_active() => mail,
        // The same statement, and no mail.
        _ => Mail { state: MailState::Failed, content: Vec::new(), last_error: Some("not sent: nobody".to_owned()), ..mail },
    }
}
