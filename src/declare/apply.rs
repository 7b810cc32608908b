//! Comparing with the database, and bringing it there in one transaction.

use std::sync::Arc;

use super::plan::{Change, Current, Options, Plan, Write, make};
use super::{Action, DesiredPassword, DesiredUser, Document, password_hash};
use crate::account::password::{Busy, Passwords, Verdict};
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::config::StartupError;
use crate::store::users::User;
use crate::store::{self, Conn, Store, clients, users};

/// Why declared state cannot be planned or applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Declared(#[from] StartupError),
    #[error(transparent)]
    Store(store::Error),
    #[error("Something that is declared was changed by somebody else meanwhile; nothing was written. Apply again.")]
    Changed,
    #[error(transparent)]
    Busy(#[from] Busy),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Conflict => Self::Changed,
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
    for desired in &document.users {
        let user = users::find_by_email(&conn, &desired.email).await?;
        if let Some(hash) = new_hash(passwords, desired, user.as_ref()).await? {
            current.new_hashes.insert(desired.email.clone(), hash);
        }
        if let Some(user) = user {
            current.users.insert(desired.email.clone(), user);
        }
    }
    let mut plan = make(&document.clients, &document.users, &current, options);
    let problems = std::mem::take(&mut plan.problems);
    if problems.is_empty() { Ok(plan) } else { Err(StartupError::from(problems).into()) }
}

/// The hash to store; `None` when the password is the declared one already, or none is declared.
async fn new_hash(passwords: &Passwords, desired: &DesiredUser, user: Option<&User>) -> Result<Option<String>, Busy> {
    let stored = user.and_then(|user| user.password_hash.clone());
    match &desired.password {
        None => Ok(None),
        Some(DesiredPassword::Hash(hash)) => Ok(replaces(hash, stored.as_deref()).then(|| hash.clone())),
        Some(DesiredPassword::Clear(password)) => {
            if stored.is_some() && passwords.verify(password.clone(), stored).await? != Verdict::Wrong {
                return Ok(None);
            }
            passwords.hash(password.clone()).await.map(Some)
        }
    }
}

/// A sign-in replaces a brought hash by one with this service's own parameters; that is the same password, and stays.
fn replaces(declared: &str, stored: Option<&str>) -> bool {
    stored.is_none_or(|stored| stored != declared && password_hash::parameters(stored) == password_hash::parameters(declared))
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
                for change in &plan.changes {
                    write(conn, change, now).await?;
                }
                let event = Event::new(Kind::StateApplied, &Origin::default()).detail("changes", plan.changes.len());
                audit::record(conn, &event, now).await
            })
        })
        .await?;
    Ok(())
}

async fn write(conn: &Conn<'_>, change: &Change, now: Timestamp) -> store::Result<()> {
    match &change.write {
        Write::Client { client, seen: None } => clients::insert(conn, client).await?,
        Write::Client { client, seen: Some(seen) } => {
            let found = clients::find(conn, &client.client_id).await?;
            unchanged(found.map(|client| client.updated_at), *seen)?;
            clients::update(conn, client).await?;
        }
        Write::User { user, seen: None, .. } => users::insert(conn, user).await?,
        Write::User { user, seen: Some(seen), .. } => {
            let found = users::find(conn, user.id).await?;
            unchanged(found.map(|user| user.updated_at), *seen)?;
            users::update(conn, user).await?;
        }
    }
    for event in events(change) {
        audit::record(conn, &event, now).await?;
    }
    Ok(())
}

fn unchanged(found: Option<Timestamp>, seen: Timestamp) -> store::Result<()> {
    if found == Some(seen) { Ok(()) } else { Err(store::Error::Conflict) }
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
        Write::User { user, new_password, .. } => {
            let kind = if change.action == Action::Create { Kind::UserCreated } else { Kind::UserUpdated };
            let promoted = user.administrator && names.iter().any(|name| name == "administrator");
            let mut events = vec![event(kind).user(user.id).detail("fields", names)];
            events.extend(new_password.then(|| event(Kind::PasswordSet).user(user.id)));
            events.extend(promoted.then(|| event(Kind::AdministratorCreated).user(user.id)));
            events
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: &str = "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHQ$AAAA";
    const OTHER: &str = "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHQ$BBBB";
    const REHASHED: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$CCCC";

    #[test]
    fn a_declared_hash_replaces_another_one_but_not_its_own_rehash() {
        assert!(replaces(DECLARED, None));
        assert!(replaces(DECLARED, Some(OTHER)));
        assert!(!replaces(DECLARED, Some(DECLARED)));
        assert!(!replaces(DECLARED, Some(REHASHED)));
    }
}
