//! Comparing with the database, and bringing it there in one transaction.

use std::sync::Arc;

use uuid::Uuid;

use super::plan::{Change, Current, Options, Plan, Write, make};
use super::{Action, DesiredPassword, DesiredUser, Document};
use crate::account::password::{Busy, Passwords, Verdict};
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::config::StartupError;
use crate::secret::Digest;
use crate::session;
use crate::store::users::User;
use crate::store::{self, Conn, Store, clients, memberships, organizations, settings, suspensions, users};

/// Why declared state cannot be planned or applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Declared(#[from] StartupError),
    #[error(transparent)]
    Store(store::Error),
    #[error("Something that is declared was changed by somebody else meanwhile; nothing was written. Apply again.")]
    Changed,
    #[error(
        "This would leave the service without an administrator, and whoever finds the set-up page could become one; nothing was written. Declare another first."
    )]
    LastAdministrator,
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// What is not there when the last one has been taken away.
const ADMINISTRATOR: &str = "administrator";

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Conflict => Self::Changed,
            store::Error::NotFound(ADMINISTRATOR) => Self::LastAdministrator,
            other => Self::Store(other),
        }
    }
}

/// What has to change. Declared passwords are compared by verifying them, which takes a hash computation each.
///
/// # Errors
/// When the store fails, or a declared client would have no secret.
pub async fn plan(store: &Store, passwords: &Passwords, document: &Document, options: Options) -> Result<Plan, Error> {
    let mut current = Current::default();
    let conn = store.read();
    for desired in &document.clients {
        if let Some(client) = clients::find(&conn, &desired.client_id).await? {
            current.clients.insert(desired.client_id.clone(), client);
        }
    }
    for desired in &document.organizations {
        if let Some(organization) = organizations::find(&conn, &desired.id).await? {
            current.organizations.insert(desired.id.clone(), organization);
        }
    }
    for id in document.users.iter().filter_map(|user| user.memberships.as_ref()).flat_map(|memberships| memberships.of.keys()) {
        if !current.organizations.contains_key(id)
            && let Some(organization) = organizations::find(&conn, id).await?
        {
            current.organizations.insert(id.clone(), organization);
        }
    }
    for desired in &document.users {
        let user = users::find_by_email(&conn, &desired.email).await?;
        if let Some(hash) = new_hash(&conn, passwords, desired, user.as_ref()).await? {
            current.new_hashes.insert(desired.email.clone(), hash);
        }
        if let Some(user) = user {
            if desired.memberships.is_some() {
                let of = memberships::list_by_user(&conn, user.id).await?;
                let of = of.into_iter().map(|(membership, _)| (membership.organization_id, membership.administrator)).collect();
                current.memberships.insert(desired.email.clone(), of);
            }
            current.users.insert(desired.email.clone(), user);
        }
    }
    let mut plan = make(document, &current, options);
    let problems = std::mem::take(&mut plan.problems);
    if problems.is_empty() { Ok(plan) } else { Err(StartupError::from(problems).into()) }
}

/// The hash to store; `None` when the password is the declared one already, or none is declared.
async fn new_hash(conn: &Conn<'_>, passwords: &Passwords, desired: &DesiredUser, user: Option<&User>) -> Result<Option<String>, Error> {
    let stored = user.and_then(|user| user.password_hash.clone());
    match (&desired.password, user) {
        (None, _) => Ok(None),
        (Some(declared @ DesiredPassword::Hash(hash)), Some(user)) => {
            let applied = settings::find(conn, &settings::declared_hash(user.id)).await?.and_then(|bytes| Digest::from_slice(&bytes));
            Ok((applied != declared.hash_digest()).then(|| hash.clone()))
        }
        (Some(DesiredPassword::Hash(hash)), None) => Ok(Some(hash.clone())),
        (Some(DesiredPassword::Clear(password)), _) => {
            if stored.is_some() && passwords.verify(password.clone(), stored).await? != Verdict::Wrong {
                return Ok(None);
            }
            Ok(Some(passwords.hash(password.clone()).await?))
        }
    }
}

/// Writes every change and its audit events in one transaction. Writes nothing when there is no change.
///
/// # Errors
/// [`Error::Changed`] when a row is no longer what the plan was made from; nothing is written then.
pub async fn apply(store: &Store, plan: &Plan, now: Timestamp) -> Result<(), Error> {
    if plan.changes.is_empty() {
        return Ok(());
    }
    let plan = Arc::new(plan.clone());
    store
        .write(move |conn| {
            let plan = plan.clone();
            Box::pin(async move {
                suspensions::lock(conn).await?;
                let administered = !users::list_administrators(conn).await?.is_empty();
                for change in &plan.changes {
                    write(conn, change, now).await?;
                }
                // Afterwards: the rows were to be as the plan saw them.
                for change in &plan.changes {
                    settle(conn, change, now).await?;
                }
                if (administered || plan.changes.iter().any(demotes)) && users::list_administrators(conn).await?.is_empty() {
                    return Err(store::Error::NotFound(ADMINISTRATOR));
                }
                let event = Event::new(Kind::StateApplied, &Origin::default()).detail("changes", plan.changes.len());
                audit::record(conn, &event, now).await
            })
        })
        .await?;
    session::end_suspended(store, now).await?;
    Ok(())
}

/// Suspends and restores whom a change of organisations or memberships concerns.
async fn settle(conn: &Conn<'_>, change: &Change, now: Timestamp) -> store::Result<()> {
    match &change.write {
        Write::Organization { organization, .. } => suspensions::settle_organization(conn, &organization.id, now).await,
        Write::User { user, joining, .. } if !joining.is_empty() => suspensions::settle_user(conn, user.id, now).await,
        _ => Ok(()),
    }
}

/// Whether somebody is no administrator any more, or nobody for now.
fn demotes(change: &Change) -> bool {
    let Write::User { user, seen: Some(_), .. } = &change.write else { return false };
    !(user.administrator && user.enabled) && change.fields.iter().any(|field| field.field == "administrator")
}

async fn write(conn: &Conn<'_>, change: &Change, now: Timestamp) -> store::Result<()> {
    match &change.write {
        Write::Client { client, seen: None } => clients::insert(conn, client).await?,
        Write::Client { client, seen: Some(seen) } => {
            clients::update_seen(conn, client, *seen).await?;
        }
        Write::Organization { organization, seen: None } => organizations::insert(conn, organization).await?,
        Write::Organization { organization, seen: Some(seen) } => organizations::update_seen(conn, organization, *seen).await?,
        Write::User { user, seen, new_password, declared, joining } => {
            match seen {
                None => users::insert(conn, user).await?,
                Some(seen) => users::update_seen(conn, user, *seen).await?,
            }
            for joining in joining {
                joining.write(conn, user.id, now).await?;
            }
            if *new_password {
                remember(conn, user.id, declared.as_ref()).await?;
            }
            if seen.is_some() && (*new_password || !user.enabled) {
                let reason = if *new_password { "password_changed" } else { "user_disabled" };
                session::end_all_within(conn, user.id, reason, now).await?;
            }
        }
    }
    for event in events(change) {
        audit::record(conn, &event, now).await?;
    }
    Ok(())
}

/// Notes which declared hash the password is from; `None`: from none, so that any that is declared later is another one.
async fn remember(conn: &Conn<'_>, user_id: Uuid, declared: Option<&Digest>) -> store::Result<()> {
    let name = settings::declared_hash(user_id);
    match declared {
        Some(digest) => settings::update(conn, &name, digest.as_bytes()).await,
        None => settings::revoke(conn, &name).await.map(drop),
    }
}

/// The events of a change; of fields the names alone.
fn events(change: &Change) -> Vec<Event> {
    let event = |kind| Event::new(kind, &Origin::default()).detail("by", "declared state");
    let names: Vec<String> = change.fields.iter().map(|field| field.field.clone()).collect();
    match &change.write {
        Write::Client { client, .. } => {
            let kind = if change.action == Action::Create { Kind::ClientCreated } else { Kind::ClientUpdated };
            vec![event(kind).client(&client.client_id).detail("fields", names)]
        }
        Write::Organization { organization, .. } => {
            vec![event(Kind::OrganizationChanged).detail("organization", organization.id.clone()).detail("fields", names)]
        }
        Write::User { user, new_password, joining, .. } => {
            let kind = if change.action == Action::Create { Kind::UserCreated } else { Kind::UserUpdated };
            let promoted = user.administrator && names.iter().any(|name| name == "administrator");
            let mut events = vec![event(kind).user(user.id).detail("fields", names)];
            events.extend(new_password.then(|| event(Kind::PasswordSet).user(user.id)));
            let of: Vec<String> = joining.iter().map(|joining| joining.organization_id.clone()).collect();
            events.extend((!of.is_empty()).then(|| event(Kind::OrganizationChanged).user(user.id).detail("organizations", of)));
            events.extend(promoted.then(|| event(Kind::AdministratorCreated).user(user.id)));
            events
        }
    }
}
