//! Making the account.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::super::mail_link::{self, MailLink, Opened};
use super::SPENT;
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::config::RegistrationMode;
use crate::organization::{self, Policy};
use crate::secret;
use crate::session;
use crate::store::memberships::{self, Membership};
use crate::store::users::{self, Profile, User};
use crate::store::{self, Conn, organizations, spent};
use crate::web::{Locale, Visit};

/// Longer than any of these links can be opened.
const REMEMBERED: Duration = Duration::from_hours(60 * 24);

/// Longest name accepted, in code points.
const MAX_NAME: usize = 200;

/// What a link says.
#[derive(Clone, Debug)]
pub struct Joining {
    id: Uuid,
    pub email: String,
    pub name: Option<String>,
    pub locale: Option<String>,
    /// Its id.
    organization: Option<String>,
    /// What people call it.
    pub organization_name: Option<String>,
    /// What will hold for them there.
    pub policy: Policy,
    /// By somebody else.
    pub invited: bool,
    /// The application's request that goes on afterwards.
    pub flow: Option<String>,
}

/// What a link can still do, and what became of it.
#[derive(Clone, Debug)]
pub enum Look {
    Open(Box<Joining>),
    /// Used, or there is an account with this address.
    Used,
    Expired,
    Unknown,
}

/// Looks; nothing is used.
///
/// # Errors
/// The store's.
pub async fn look(app: &App, token: &str) -> store::Result<Look> {
    let mut joining = match mail_link::open(app, token) {
        Opened::InTime(link) => match joining(link, Policy::of_service(&app.config)) {
            Some(joining) if joining.invited || app.config.registration.mode == RegistrationMode::Open => joining,
            _ => return Ok(Look::Unknown),
        },
        Opened::TooLate(MailLink::SignUp { .. } | MailLink::Invitation { .. }) => return Ok(Look::Expired),
        _ => return Ok(Look::Unknown),
    };
    let read = app.store.read();
    let used = spent::find(&read, SPENT, &joining.id.to_string()).await? || users::find_by_email(&read, &joining.email).await?.is_some();
    if let Some(id) = &joining.organization {
        let found = organizations::find(&read, id).await?;
        joining.policy = organization::policy_of(&app.config, found.as_ref())?;
        joining.organization_name = Some(found.map_or_else(|| id.clone(), |found| found.name));
    }
    Ok(if used { Look::Used } else { Look::Open(Box::new(joining)) })
}

fn joining(link: MailLink, policy: Policy) -> Option<Joining> {
    match link {
        MailLink::SignUp { id, email, flow } => {
            Some(Joining { id, email, name: None, locale: None, organization: None, organization_name: None, policy, invited: false, flow })
        }
        MailLink::Invitation { id, email, name, locale, organization } => {
            Some(Joining { id, email, name, locale, organization, organization_name: None, policy, invited: true, flow: None })
        }
        _ => None,
    }
}

/// Makes the account, with the address confirmed: only its owner could read the mail. Whether this call did; not when the link was used, or somebody
/// has an account with this address by now.
///
/// # Errors
/// The store's.
pub async fn create(app: &App, visit: &Visit, joining: &Joining, name: &str, password_hash: String, locale: Locale) -> store::Result<bool> {
    let now = app.now();
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    let locale = joining.locale.clone().unwrap_or_else(|| locale.tag().to_owned());
    let user = User {
        id: secret::random_id(),
        email: joining.email.clone(),
        email_verified: true,
        profile: Profile { name: Some(name).filter(|name| !name.is_empty()), locale: Some(locale), ..Profile::default() },
        password_hash: Some(password_hash),
        enabled: true,
        suspended: false,
        administrator: false,
        auth_epoch: 0,
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
    };
    let event = Event::new(Kind::UserRegistered, &session::origin(visit)).user(user.id).detail("invited", joining.invited);
    let event = match &joining.organization {
        Some(organization) => event.detail("organization", organization.clone()),
        None => event,
    };
    let (id, work) = (joining.id.to_string(), Arc::new((user, event, joining.organization.clone())));
    let done = app
        .store
        .write(move |conn| {
            let (id, work) = (id.clone(), Arc::clone(&work));
            Box::pin(async move {
                if !spent::redeem(conn, SPENT, &id, now.plus(REMEMBERED)).await? {
                    return Ok(false);
                }
                users::insert(conn, &work.0).await?;
                if let Some(organization) = &work.2 {
                    join(conn, organization, work.0.id, now).await?;
                }
                audit::record(conn, &work.1, now).await?;
                Ok(true)
            })
        })
        .await;
    match done {
        Err(store::Error::Conflict) => Ok(false),
        other => other,
    }
}

/// Into the organisation of the invitation, unless it was removed meanwhile.
async fn join(conn: &Conn<'_>, organization: &str, user_id: Uuid, now: Timestamp) -> store::Result<()> {
    if organizations::find(conn, organization).await?.is_none() {
        return Ok(());
    }
    let membership = Membership { organization_id: organization.to_owned(), user_id, administrator: false, created_at: now };
    memberships::update(conn, &membership).await
}
