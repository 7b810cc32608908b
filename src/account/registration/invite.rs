//! Inviting.

use std::time::Duration;

use super::super::mail_link::{self, MailLink};
use crate::app::App;
use crate::audit::{self, Event, Kind, Origin};
use crate::mail::{self, Message, Recipient};
use crate::secret;
use crate::store;
use crate::store::{mails, organizations, users};

/// Invited people are on holiday.
const DAYS: u32 = 7;

/// Who is invited, and by whom.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Canonical.
    pub email: String,
    pub name: Option<String>,
    /// Tag of the language of the mail and of the account.
    pub locale: Option<String>,
    /// Its id.
    pub organization: Option<String>,
    /// By name; none: the service.
    pub inviter: Option<String>,
}

/// Puts an invitation out. The link, as an absolute URL, also for whoever hands it over in another way.
///
/// # Errors
/// `Conflict` when there is an account with this address; the store's.
pub async fn invite(app: &App, invitation: &Invitation, origin: &Origin, by: &str) -> store::Result<String> {
    if users::find_by_email(&app.store.read(), &invitation.email).await?.is_some() {
        return Err(store::Error::Conflict);
    }
    let called = match &invitation.organization {
        Some(id) => {
            let organization = organizations::find(&app.store.read(), id).await?;
            Some(organization.map_or_else(|| id.clone(), |organization| organization.name))
        }
        None => None,
    };
    let Invitation { email, name, locale, organization, inviter } = invitation.clone();
    let now = app.now();
    let language = locale.clone().unwrap_or_else(|| app.config.brand.default_locale.clone());
    let link = MailLink::Invitation {
        id: secret::random_id(),
        email: email.clone(),
        name: name.clone(),
        locale,
        organization: organization.clone(),
    };
    let token = mail_link::seal(app, &link, now.plus(Duration::from_hours(24 * u64::from(DAYS))));
    let url = app.issuer.url(&format!("/invitation?token={token}"));
    let recipient = Recipient { user_id: None, email, name, locale: language };
    let event = Event::new(Kind::UserInvited, origin).detail("by", by).detail("organization", organization);
    let mail = mail::prepare(app, &recipient, &Message::Invitation { link: url.clone(), inviter, organization: called, days: DAYS }, now);
    app.store
        .write(move |conn| {
            let (mail, event) = (mail.clone(), event.clone());
            Box::pin(async move {
                mails::insert(conn, &mail).await?;
                audit::record(conn, &event, now).await
            })
        })
        .await?;
    app.mail_waiting.notify_one();
    Ok(url)
}
