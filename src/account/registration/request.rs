//! Asking for an account.

use std::time::Duration;

use super::super::email;
use super::super::mail_budget::{MailBudget, never_sent};
use super::super::mail_link::MailLink;
use super::super::mailed::{self, Mailed};
use super::super::notice::place;
use crate::app::App;
use crate::config::Config;
use crate::mail::{self, Message, Recipient};
use crate::secret::{self, Purpose};
use crate::store::mails::{self, Mail};
use crate::store::{self, Conn, users};
use crate::web::{Locale, Visit, address};

/// As long as a confirmation of an address.
const LIFETIME: Duration = Duration::from_hours(1);

/// Why an address cannot have an account here, whoever has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoAddress,
    MixedScripts,
    /// Not of a domain that may register.
    Domain,
}

/// The canonical form of an address that may register.
///
/// # Errors
/// Why it may not.
pub fn check_address(config: &Config, typed: &str) -> Result<String, Refusal> {
    let address = email::canonical(typed).ok_or(Refusal::NoAddress)?;
    if email::mixes_scripts(&address) {
        return Err(Refusal::MixedScripts);
    }
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let mut allowed = config.registration.allowed_domains.split_whitespace().peekable();
    let open = allowed.peek().is_none() || allowed.any(|allowed| allowed.eq_ignore_ascii_case(domain));
    if open { Ok(address) } else { Err(Refusal::Domain) }
}

/// Mails a link and a code to an address that nobody has, and to one that somebody has a word that they have an account: the same work, and the same
/// answer.
///
/// # Errors
/// The store's.
pub async fn request(app: &App, visit: &Visit, to: &str, locale: Locale, flow: Option<String>) -> store::Result<Mailed> {
    let (id, now) = (secret::random_id(), app.now());
    let owner = users::find_by_email(&app.store.read(), to).await?;
    let link = |flow| MailLink::SignUp { id, email: to.to_owned(), flow };
    let made = mailed::make(app, id, &link(flow), to, now.plus(LIFETIME));
    let made = if mailed::is_mailable(&made.token) { made } else { mailed::make(app, id, &link(None), to, now.plus(LIFETIME)) };
    let recipient = Recipient {
        user_id: owner.as_ref().map(|user| user.id),
        email: to.to_owned(),
        name: owner.as_ref().and_then(|user| user.profile.name.clone()),
        locale: locale.tag().to_owned(),
    };
    let message = match &owner {
        None => Message::ConfirmEmail {
            link: app.issuer.url(&format!("/sign-up/finish?token={}", made.token)),
            code: made.code.clone(),
            minutes: u32::try_from(LIFETIME.as_secs() / 60).unwrap_or(u32::MAX),
        },
        Some(_) => Message::AlreadyRegistered { login: app.issuer.url("/login"), place: place(visit, now) },
    };
    let mail = mail::prepare(app, &recipient, &message, now);
    // To a disabled account goes nothing.
    let mail = if owner.is_some_and(|user| !user.is_active()) { never_sent(mail, "disabled") } else { mail };
    let limits = app.config.recovery.clone();
    let asking = Asking {
        budget: MailBudget::new(
            app,
            [
                (format!("sign-up-address:{}", address::class(visit.address)), limits.mails_per_address),
                (format!("sign-up-email:{}", digest(app, to)), limits.mails_per_account),
            ],
        ),
        mail,
    };
    app.store
        .write(move |conn| {
            let asking = asking.clone();
            Box::pin(async move { asking.run(conn, now).await })
        })
        .await?;
    app.mail_waiting.notify_one();
    Ok(made.sent)
}

#[derive(Clone)]
struct Asking {
    budget: MailBudget,
    mail: Mail,
}

impl Asking {
    /// Over a limit the page is the same, and no mail leaves.
    async fn run(&self, conn: &Conn<'_>, now: crate::clock::Timestamp) -> store::Result<()> {
        match self.budget.take(conn, now).await? {
            Some(_) => Ok(()),
            None => mails::insert(conn, &self.mail).await,
        }
    }
}

/// Addresses that nobody has are not kept in the clear.
fn digest(app: &App, email: &str) -> uuid::Uuid {
    let mac = app.sealer.mac(Purpose::MailLink, &[b"sign-up", email.as_bytes()].concat());
    let id = mac.split_first_chunk::<16>().map_or([0; 16], |(id, _)| *id);
    uuid::Builder::from_random_bytes(id).into_uuid()
}
