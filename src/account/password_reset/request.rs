//! Asking for a reset.
//!
//! For an address that is nobody's the same statements are run: a row of nobody's is written, and a mail that is never sent. So neither the answer
//! nor its time tells who has an account (OWASP ASVS 5 §6.3.8); the audit log does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::email;
use super::super::guesses::RECORDED;
use super::super::mail_budget::{MailBudget, never_sent};
use super::super::mail_link::{self, MailLink};
use super::super::notice::{place, recipient};
use super::{code_message, expiry, minutes, seal_flow};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::mail::{self, Message, Recipient, Where};
use crate::secret::{self, Digest, Purpose};
use crate::session;
use crate::store::buckets::{self, Take};
use crate::store::mails::{self, Mail};
use crate::store::password_resets::{self, Reset};
use crate::store::users::{self, User};
use crate::store::{self, Conn};
use crate::telemetry::metrics::Reset as Stage;
use crate::web::{Locale, Visit, address};

/// Whose password is to be reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By an address in its canonical form, which may be nobody's.
    Address(String),
    /// The account of a link that was used or is too old.
    Account(Uuid),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    pub whom: Whom,
    /// The language of the page, and so of the mail.
    pub locale: Locale,
    /// On whose behalf, by name.
    pub application: Option<String>,
    /// The application's request that goes on afterwards.
    pub flow: Option<String>,
    /// The attempt this browser made before: its code stays good when no new mail is sent.
    pub before: Option<Uuid>,
}

/// What the browser has to remember. Nothing of it says whether there is such an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// The account's id, or one that is nobody's.
    pub account: Uuid,
    pub attempt: Uuid,
    /// The address as the page may show it: as typed, or masked.
    pub shown: String,
}

/// Asks: at most one mail leaves.
///
/// # Errors
/// The store's.
pub async fn request(app: &App, visit: &Visit, wish: Wish) -> store::Result<Requested> {
    let user = match &wish.whom {
        Whom::Address(address) => users::find_by_email(&app.store.read(), address).await?,
        Whom::Account(id) => users::find(&app.store.read(), *id).await?,
    };
    let asking = Asking::new(app, visit, &wish, user.as_ref());
    let (account, attempt) = (asking.reset.user_id, asking.reset.id);
    let sent = app
        .store
        .write(move |conn| {
            let asking = asking.clone();
            Box::pin(async move { asking.run(conn).await })
        })
        .await?;
    app.metrics.password_reset(Stage::Requested);
    app.mail_waiting.notify_one();
    let attempt = if sent { attempt } else { wish.before.unwrap_or(attempt) };
    Ok(Requested { account, attempt, shown: shown(&wish.whom, user.as_ref()) })
}

/// Starts a reset inside somebody else's transaction: the mail is not asked for by the person alone, so no limit holds it back.
pub(in crate::account) async fn insert_within(conn: &Conn<'_>, reset: &Reset, mail: &Mail) -> store::Result<()> {
    password_resets::update(conn, reset).await?;
    mails::insert(conn, mail).await
}

/// A reset of this account with its mail, not yet written.
pub(in crate::account) fn prepare(app: &App, visit: &Visit, user: &User, locale: Locale) -> (Reset, Mail) {
    made(app, place(visit, app.now()), &of_account(user, locale), Some(user))
}

fn of_account(user: &User, locale: Locale) -> Wish {
    Wish { whom: Whom::Account(user.id), locale, application: None, flow: None, before: None }
}

/// Mails a link that an operator asks for: no limit holds it back, and everything stays as it is until another password is chosen with it. `event`: by whom.
///
/// # Errors
/// The store's.
pub async fn send(app: &App, user: &User, locale: Locale, event: Event) -> store::Result<()> {
    let now = app.now();
    let (reset, mail) = made(app, Where { at: now, ..Where::default() }, &of_account(user, locale), Some(user));
    let job = Arc::new((reset, mail, event));
    app.store
        .write(move |conn| {
            let job = Arc::clone(&job);
            Box::pin(async move {
                insert_within(conn, &job.0, &job.1).await?;
                audit::record(conn, &job.2, now).await
            })
        })
        .await
}

/// A typed address is shown as it was typed; of an account known by its link only so much that its owner recognises it.
fn shown(whom: &Whom, user: Option<&User>) -> String {
    match (whom, user) {
        (Whom::Address(address), _) => address.clone(),
        (Whom::Account(_), Some(user)) => email::masked(&user.email),
        (Whom::Account(_), None) => String::new(),
    }
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Asking {
    budget: MailBudget,
    reset: Reset,
    mail: Mail,
    event: Event,
    now: Timestamp,
}

impl Asking {
    fn new(app: &App, visit: &Visit, wish: &Wish, user: Option<&User>) -> Self {
        let now = app.now();
        let asked_for = Where { application: wish.application.clone(), ..place(visit, now) };
        let (reset, mail) = made(app, asked_for, wish, user);
        let limits = &app.config.recovery;
        let budget = MailBudget::new(
            app,
            [
                (format!("password-reset-address:{}", address::class(visit.address)), limits.mails_per_address),
                (format!("password-reset-account:{}", reset.user_id), limits.mails_per_account),
            ],
        );
        let event = Event::new(Kind::PasswordResetRequested, &session::origin(visit)).detail("mail", withheld(user).unwrap_or("sent"));
        let event = match (user, &wish.whom) {
            (Some(user), _) => event.user(user.id),
            (None, Whom::Address(address)) => event.detail("address_digest", email::fingerprint(&app.sealer, address)),
            (None, Whom::Account(_)) => event,
        };
        Self { budget, reset, mail, event, now }
    }

    /// Whether a mail was put out; over a limit there is none, and an earlier one stays good.
    async fn run(&self, conn: &Conn<'_>) -> store::Result<bool> {
        if let Some(key) = self.budget.take(conn, self.now).await? {
            // Once in a while: a flood must not fill the log with itself.
            if buckets::take(conn, &format!("limited:{key}"), RECORDED, self.now).await? == Take::Given {
                audit::record(conn, &self.event.clone().detail("mail", "limit"), self.now).await?;
            }
            return Ok(false);
        }
        insert_within(conn, &self.reset, &self.mail).await?;
        audit::record(conn, &self.event, self.now).await?;
        Ok(true)
    }
}

/// Why no mail leaves.
fn withheld(user: Option<&User>) -> Option<&'static str> {
    match user {
        None => Some("nobody"),
        Some(user) if !user.is_active() => Some("disabled"),
        Some(_) => None,
    }
}

/// `place`: when and from where it is asked for.
fn made(app: &App, place: Where, wish: &Wish, user: Option<&User>) -> (Reset, Mail) {
    let now = place.at;
    let user_id = user.map_or_else(|| nobody(app, &wish.whom), |user| user.id);
    let (id, secret, code) = (secret::random_id(), secret::random_token(), six_digits());
    let expires_at = expiry(app, now);
    let reset = Reset {
        user_id,
        id,
        token_digest: Digest::of(secret.as_bytes()),
        code_mac: app.sealer.mac(Purpose::MailLink, &code_message(user_id, id, &code)).to_vec(),
        code_tries: 0,
        epoch: user.map_or(0, |user| user.auth_epoch),
        flow: wish.flow.as_deref().map(|flow| seal_flow(app, user_id, flow)),
        locale: wish.locale.tag().to_owned(),
        created_at: now,
        expires_at,
        used_at: None,
    };
    let token = mail_link::seal(app, &MailLink::Reset { user_id, secret }, expires_at);
    let link = app.issuer.url(&format!("/password/reset/finish?token={token}"));
    let message = Message::PasswordReset { link, code, minutes: minutes(app), place };
    let mail = mail::prepare(app, &to(user, wish), &message, now);
    (reset, if let Some(reason) = withheld(user) { never_sent(mail, reason) } else { mail })
}

fn to(user: Option<&User>, wish: &Wish) -> Recipient {
    match (user, &wish.whom) {
        (Some(user), _) => recipient(user, wish.locale),
        (None, whom) => {
            let email = if let Whom::Address(address) = whom { address.clone() } else { String::new() };
            Recipient { user_id: None, email, name: None, locale: wish.locale.tag().to_owned() }
        }
    }
}

/// An id that is nobody's, and always the same for the same address.
fn nobody(app: &App, whom: &Whom) -> Uuid {
    let Whom::Address(address) = whom else { return secret::random_id() };
    let mac = app.sealer.mac(Purpose::MailLink, &[b"nobody", address.as_bytes()].concat());
    let (id, _) = mac.split_first_chunk::<16>().map_or(([0; 16], [].as_slice()), |(id, rest)| (*id, rest));
    uuid::Builder::from_random_bytes(id).into_uuid()
}

/// Uniform: 2⁶⁴ is larger than a million by so much that the remainder shows no bias anybody could use.
pub(in crate::account) fn six_digits() -> String {
    format!("{:06}", u64::from_be_bytes(secret::random_bytes::<8>()) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_six_digits() {
        for _ in 0..100 {
            let code = six_digits();
            assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        }
    }
}
