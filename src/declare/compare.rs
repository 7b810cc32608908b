//! Comparing what is declared with the database.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::apply::Error;
use super::plan::{Current, Options, Plan, make};
use super::{DesiredPassword, DesiredUser, Document};
use crate::account::password::{Passwords, Verdict};
use crate::config::StartupError;
use crate::secret::{Digest, Secret};
use crate::store::clients::Client;
use crate::store::users::User;
use crate::store::{self, Conn, Store, clients, memberships, organizations, scopes, settings, users};

/// So many clients are looked up one by one; more of them with one statement.
const FEW: usize = 20;

/// Declared passwords that were found to be the stored ones, in this process' memory alone: verifying takes a hash computation each.
#[derive(Debug, Default)]
pub struct Verified(Mutex<HashSet<[u8; 32]>>);

impl Verified {
    fn pair(stored: &str, password: &str) -> [u8; 32] {
        *Digest::of(format!("{stored}\n{password}").as_bytes()).as_bytes()
    }

    fn knows(&self, stored: &str, password: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&Self::pair(stored, password))
    }

    fn remember(&self, stored: &str, password: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(Self::pair(stored, password));
    }
}

/// How passwords are compared.
#[derive(Clone, Copy)]
pub(super) struct Hashing<'a> {
    pub(super) passwords: &'a Passwords,
    pub(super) verified: &'a Verified,
}

impl Hashing<'_> {
    /// Whether this hash was made of this password.
    async fn is_of(&self, hash: &str, password: &Secret<String>) -> Result<bool, Error> {
        if self.verified.knows(hash, password.expose()) {
            return Ok(true);
        }
        let is_it = self.passwords.verify(password.clone(), Some(hash.to_owned())).await? != Verdict::Wrong;
        if is_it {
            self.verified.remember(hash, password.expose());
        }
        Ok(is_it)
    }
}

/// What has to change. Declared passwords are compared by verifying them, which takes a hash computation each.
///
/// # Errors
/// When the store fails, or a declared client would have no secret.
pub async fn plan(store: &Store, passwords: &Passwords, document: &Document, options: Options) -> Result<Plan, Error> {
    let hashing = Hashing { passwords, verified: &Verified::default() };
    let mut plan = compare(store, hashing, document, options).await?;
    let problems: Vec<_> = std::mem::take(&mut plan.problems).into_iter().map(|(_, problem)| problem).collect();
    if problems.is_empty() { Ok(plan) } else { Err(StartupError::from(problems).into()) }
}

/// As [`plan`], with the problems left in the plan.
pub(super) async fn compare(store: &Store, hashing: Hashing<'_>, document: &Document, options: Options) -> Result<Plan, Error> {
    let conn = store.read();
    let mut current = Current { clients: declared_clients(&conn, document).await?, ..Current::default() };
    if !(document.clients.is_empty() && document.scopes.is_empty()) {
        current.scopes = scopes::list(&conn).await?.into_iter().map(|scope| (scope.name.clone(), scope)).collect();
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
        if let Some(hash) = new_hash(&conn, hashing, desired, user.as_ref()).await? {
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
    Ok(make(document, &current, options))
}

async fn declared_clients(conn: &Conn<'_>, document: &Document) -> store::Result<BTreeMap<String, Client>> {
    let mut found = BTreeMap::new();
    if document.clients.len() > FEW {
        found.extend(clients::list(conn).await?.into_iter().map(|client| (client.client_id.clone(), client)));
        return Ok(found);
    }
    for desired in &document.clients {
        if let Some(client) = clients::find(conn, &desired.client_id).await? {
            found.insert(desired.client_id.clone(), client);
        }
    }
    Ok(found)
}

/// The hash to store; `None` when the password is the declared one already, or none is declared.
async fn new_hash(conn: &Conn<'_>, hashing: Hashing<'_>, desired: &DesiredUser, user: Option<&User>) -> Result<Option<String>, Error> {
    let stored = user.and_then(|user| user.password_hash.clone());
    match (&desired.password, user) {
        (None, _) => Ok(None),
        (Some(declared @ DesiredPassword::Hash(hash)), Some(user)) => {
            let applied = settings::find(conn, &settings::declared_hash(user.id)).await?.and_then(|bytes| Digest::from_slice(&bytes));
            Ok((applied != declared.hash_digest()).then(|| hash.clone()))
        }
        (Some(DesiredPassword::Hash(hash)), None) => Ok(Some(hash.clone())),
        (Some(DesiredPassword::Clear(password)), _) => {
            // What was made of it when it was applied, for the person may have changed theirs since; or theirs, from before that was noted.
            let applied = match user {
                Some(user) => {
                    settings::find(conn, &settings::declared_password(user.id)).await?.and_then(|bytes| String::from_utf8(bytes).ok())
                }
                None => None,
            };
            for hash in [applied, stored].into_iter().flatten() {
                if hashing.is_of(&hash, password).await? {
                    return Ok(None);
                }
            }
            Ok(Some(hashing.passwords.hash(password.clone()).await?))
        }
    }
}
