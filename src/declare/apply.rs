//! Bringing the database to what is declared, in one transaction.

use std::sync::Arc;
use std::time::Duration;

use super::plan::{Change, Plan, Write};
use super::{Action, Key};
use crate::account::administrators;
use crate::account::password::Busy;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::config::StartupError;
use crate::secret::Digest;
use crate::session;
use crate::store::declared_objects::{self, DeclaredObject};
use crate::store::user_security::{self, Security};
use crate::store::users::User;
use crate::store::{self, Conn, Store, clients, locks, mails, organizations, scopes, settings, suspensions, users};

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

/// The name of a setting, what it was when the plan was made, and what it becomes.
type Setting = (&'static str, Option<Vec<u8>>, Vec<u8>);

/// What a directory leaves beside the changes: tags and states, and that it is in force.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Rows that are written.
    pub updated: Vec<DeclaredObject>,
    /// Kind and id of rows that go.
    pub removed: Vec<(String, String)>,
    /// The setting that says which directory is in force.
    pub(super) in_force: Option<Setting>,
}

/// Whoever brings a directory about holds this row of the locks until the end of the transaction, and the others wait.
const MUTEX: &str = "declared";

/// Writes every change and its audit events in one transaction. Writes nothing when there is no change.
///
/// # Errors
/// [`Error::Changed`] when a row is no longer what the plan was made from; nothing is written then.
pub async fn apply(store: &Store, plan: &Plan, now: Timestamp) -> Result<(), Error> {
    if plan.changes.is_empty() { Ok(()) } else { apply_marked(store, plan, Marks::default(), now).await }
}

/// As [`apply`], with what a directory leaves beside the changes, in the same transaction.
pub(super) async fn apply_marked(store: &Store, plan: &Plan, marks: Marks, now: Timestamp) -> Result<(), Error> {
    let job = Arc::new((plan.clone(), marks));
    store
        .write(move |conn| {
            let job = Arc::clone(&job);
            Box::pin(async move {
                let (plan, marks) = &*job;
                if let Some((name, seen, becomes)) = &marks.in_force {
                    locks::redeem(conn, MUTEX, MUTEX, Timestamp::default(), Duration::ZERO).await?;
                    if settings::find(conn, name).await? != *seen {
                        return Err(store::Error::Conflict);
                    }
                    if seen.as_ref() != Some(becomes) {
                        settings::update(conn, name, becomes).await?;
                    }
                }
                write_all(conn, plan, now).await?;
                mark(conn, marks).await
            })
        })
        .await?;
    session::end_suspended(store, now).await?;
    Ok(())
}

async fn write_all(conn: &Conn<'_>, plan: &Plan, now: Timestamp) -> store::Result<()> {
    if plan.changes.is_empty() {
        return Ok(());
    }
    suspensions::lock(conn).await?;
    administrators::lock(conn).await?;
    let administered = !users::list_administrators(conn).await?.is_empty();
    for change in &plan.changes {
        write(conn, change, now).await?;
    }
    // Afterwards: the rows were to be as the plan saw them.
    for change in &plan.changes {
        settle(conn, change, now).await?;
    }
    for notice in &plan.notices {
        mails::insert(conn, notice).await?;
    }
    if (administered || plan.changes.iter().any(demotes)) && users::list_administrators(conn).await?.is_empty() {
        return Err(store::Error::NotFound(ADMINISTRATOR));
    }
    let event = Event::new(Kind::StateApplied, &Origin::default()).detail("changes", plan.changes.len());
    audit::record(conn, &event, now).await
}

/// Suspends and restores whom a change of organisations or memberships concerns.
async fn settle(conn: &Conn<'_>, change: &Change, now: Timestamp) -> store::Result<()> {
    match &change.write {
        Write::Organization { organization, .. } => suspensions::settle_organization(conn, &organization.id, now).await,
        Write::User { user, joining, .. } if !joining.is_empty() => suspensions::settle_user(conn, user.id, now).await,
        _ => Ok(()),
    }
}

async fn mark(conn: &Conn<'_>, marks: &Marks) -> store::Result<()> {
    for object in &marks.updated {
        declared_objects::update(conn, object).await?;
    }
    for (kind, id) in &marks.removed {
        declared_objects::revoke(conn, kind, id).await?;
    }
    Ok(())
}

/// Whether somebody is no administrator any more, or nobody for now.
pub(super) fn demotes(change: &Change) -> bool {
    let Write::User { user, seen: Some(_), .. } = &change.write else { return false };
    let touched = |name: &str| change.fields.iter().any(|field| field.field == name);
    let demoted = touched("administrator") && !(user.administrator && user.enabled);
    demoted || (touched("enabled") && user.administrator && !user.enabled)
}

async fn write(conn: &Conn<'_>, change: &Change, now: Timestamp) -> store::Result<()> {
    match &change.write {
        Write::Client { client, seen: None } => clients::insert(conn, client).await?,
        Write::Client { client, seen: Some(seen) } => {
            clients::update_seen(conn, client, *seen).await?;
            if !client.enabled && change.fields.iter().any(|field| field.field == "enabled") {
                clients::revoke_grants(conn, &client.client_id, "client_disabled", now).await?;
            }
        }
        Write::Scope { scope, seen: None } => scopes::insert(conn, scope).await?,
        Write::Scope { scope, seen: Some(seen) } => scopes::update_seen(conn, scope, *seen).await?,
        Write::Organization { organization, seen: None } => organizations::insert(conn, organization).await?,
        Write::Organization { organization, seen: Some(seen) } => organizations::update_seen(conn, organization, *seen).await?,
        Write::Delete => delete(conn, &change.key(), now).await?,
        Write::User { user, seen, new_password, declared, joining } => {
            match seen {
                None => users::insert(conn, user).await?,
                Some(seen) => users::update_seen(conn, user, *seen).await?,
            }
            for joining in joining {
                joining.write(conn, user.id, now).await?;
            }
            if *new_password {
                remember(conn, user, declared.as_ref()).await?;
            }
            if seen.is_some() && (*new_password || !user.enabled) {
                let reason = if *new_password { "password_changed" } else { "user_disabled" };
                session::end_all_within(conn, user.id, reason, now).await?;
            }
            if seen.is_some() && *new_password {
                let security = user_security::find(conn, user.id).await?;
                user_security::update(conn, user.id, &security, &Security { password_changed_at: Some(now), ..security }).await?;
            }
        }
    }
    for event in events(change) {
        audit::record(conn, &event, now).await?;
    }
    Ok(())
}

async fn delete(conn: &Conn<'_>, key: &Key, now: Timestamp) -> store::Result<()> {
    match key.kind {
        "client" => clients::remove(conn, &key.id, now).await?,
        "scope" => scopes::remove(conn, &key.id).await?,
        _ => organizations::remove(conn, &key.id, now).await?,
    };
    Ok(())
}

/// Notes which declared hash the password is from; `None`: from one in the clear, of which what was made of it is kept. Whatever is declared later and is
/// another one is applied; the same is not, though the person has changed theirs since.
async fn remember(conn: &Conn<'_>, user: &User, declared: Option<&Digest>) -> store::Result<()> {
    let (of_hash, of_password) = (settings::declared_hash(user.id), settings::declared_password(user.id));
    if let Some(digest) = declared {
        settings::update(conn, &of_hash, digest.as_bytes()).await?;
        return settings::revoke(conn, &of_password).await.map(drop);
    }
    settings::revoke(conn, &of_hash).await?;
    settings::update(conn, &of_password, user.password_hash.as_deref().unwrap_or_default().as_bytes()).await
}

/// The events of a change; of fields the names alone.
fn events(change: &Change) -> Vec<Event> {
    let event = |kind| Event::new(kind, &Origin::default()).detail("by", "declared state");
    let names: Vec<String> = change.fields.iter().map(|field| field.field.clone()).collect();
    match &change.write {
        Write::Delete if change.kind == "client" => vec![event(Kind::ClientRemoved).client(&change.id)],
        Write::Delete if change.kind == "scope" => {
            vec![event(Kind::ScopeChanged).detail("scope", change.id.clone()).detail("action", "removed")]
        }
        Write::Scope { scope, .. } => {
            let action = if change.action == Action::Create { "created" } else { "changed" };
            vec![event(Kind::ScopeChanged).detail("scope", scope.name.clone()).detail("action", action).detail("fields", names)]
        }
        Write::Delete => {
            vec![event(Kind::OrganizationChanged).detail("organization", change.id.clone()).detail("action", "removed")]
        }
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
            let locked = !user.enabled && names.iter().any(|name| name == "enabled");
            let mut events = vec![event(kind).user(user.id).detail("fields", names)];
            events.extend(new_password.then(|| event(Kind::PasswordSet).user(user.id)));
            let of: Vec<String> = joining.iter().map(|joining| joining.organization_id.clone()).collect();
            events.extend((!of.is_empty()).then(|| event(Kind::OrganizationChanged).user(user.id).detail("organizations", of)));
            events.extend(locked.then(|| event(Kind::UserLocked).user(user.id)));
            events.extend(promoted.then(|| event(Kind::AdministratorCreated).user(user.id)));
            events
        }
    }
}
