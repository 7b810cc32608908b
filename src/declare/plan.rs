//! The plan: what has to change so that the database is as declared. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::organization::{Joining, membership_changes, organization_change, unknown_organizations};
use super::scope::{scope_change, unknown_scopes_of_clients};
use super::{DesiredClient, DesiredPassword, DesiredUser, Document, Key};
use crate::clock::Timestamp;
use crate::config::Problem;
use crate::secret::{Digest, random_id};
use crate::store::clients::{Client, ClientSecret};
use crate::store::mails::Mail;
use crate::store::organizations::Organization;
use crate::store::scopes::CustomScope;
use crate::store::users::{Profile, User};

/// What a plan depends on beside the files and the database.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub now: Timestamp,
    /// How long a replaced client secret stays valid; zero ends it at once.
    pub secret_overlap: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Create,
    Update,
    /// No longer declared in the directory: it can do nothing any more.
    Disable,
    /// No longer declared in the directory: it is gone.
    Delete,
    /// No longer declared in the directory: it stays and is changed by hand.
    Orphan,
}

/// A field before and after; secrets as `[secret]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: String,
    pub from: Value,
    pub to: Value,
}

/// One object that changes.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub action: Action,
    /// `client`, `scope`, `organization` or `user`.
    pub kind: &'static str,
    /// The client id, the scope's name, the organisation's id or the e-mail address.
    pub id: String,
    pub fields: Vec<FieldChange>,
    #[serde(skip)]
    pub(super) write: Write,
}

impl Change {
    /// Of whom there was before, if this sets their password.
    fn whose_password(&self) -> Option<&User> {
        match &self.write {
            Write::User { user, seen: Some(_), new_password: true, .. } => Some(user),
            _ => None,
        }
    }

    #[must_use]
    pub fn key(&self) -> Key {
        Key { kind: self.kind, id: self.id.clone() }
    }
}

/// The rows after the change. `seen`: when the row they replace was last changed.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Client {
        client: Box<Client>,
        seen: Option<Timestamp>,
    },
    Scope {
        scope: Box<CustomScope>,
        seen: Option<Timestamp>,
    },
    Organization {
        organization: Box<Organization>,
        seen: Option<Timestamp>,
    },
    /// `declared`: of the PHC string that is declared. `joining`: what becomes of memberships.
    User {
        user: Box<User>,
        seen: Option<Timestamp>,
        new_password: bool,
        declared: Option<Digest>,
        joining: Vec<Joining>,
    },
    /// Of a client, a scope or an organisation: people are never deleted by what is not declared.
    Delete,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Plan {
    pub changes: Vec<Change>,
    /// Objects that are as declared.
    pub unchanged: usize,
    #[serde(skip)]
    pub(super) problems: Vec<(Key, Problem)>,
    /// What goes to people with the changes.
    #[serde(skip)]
    pub(super) notices: Vec<Mail>,
}

/// The rows there are, of what is declared.
#[derive(Clone, Debug, Default)]
pub(super) struct Current {
    pub clients: BTreeMap<String, Client>,
    /// All there are, when clients or scopes are declared.
    pub scopes: BTreeMap<String, CustomScope>,
    pub organizations: BTreeMap<String, Organization>,
    /// By canonical address: the organisation's id, and whether they administer it.
    pub memberships: BTreeMap<String, BTreeMap<String, bool>>,
    /// By canonical address.
    pub users: BTreeMap<String, User>,
    /// PHC strings of declared passwords that are not the stored ones, by canonical address.
    pub new_hashes: BTreeMap<String, String>,
}

const HIDDEN: &str = "[secret]";

pub(super) fn make(document: &Document, current: &Current, options: Options) -> Plan {
    let problems = unknown_organizations(document, current).into_iter().chain(unknown_scopes_of_clients(document, current)).collect();
    let mut plan = Plan { problems, ..Plan::default() };
    for desired in &document.organizations {
        plan.add(organization_change(desired, current.organizations.get(&desired.id), options.now));
    }
    for desired in &document.scopes {
        plan.add(scope_change(desired, current.scopes.get(&desired.name), options.now));
    }
    for desired in &document.clients {
        let before = current.clients.get(&desired.client_id);
        if let Some(problem) = missing_secret(desired, before, options.now) {
            plan.problems.push((Key::client(&desired.client_id), problem));
        }
        plan.add(client_change(desired, before, options));
    }
    for desired in &document.users {
        plan.add(user_change(desired, current, options.now));
    }
    plan
}

impl Plan {
    /// Whether somebody who is there already gets another password.
    #[must_use]
    pub fn sets_a_password(&self) -> bool {
        self.changes.iter().any(|change| change.whose_password().is_some())
    }

    /// Has each of them told by a mail, in the transaction that sets it.
    pub fn tell(&mut self, notice: impl Fn(&User) -> Mail) {
        self.notices = self.changes.iter().filter_map(Change::whose_password).map(notice).collect();
    }

    fn add(&mut self, change: Change) {
        if change.fields.is_empty() { self.unchanged += 1 } else { self.changes.push(change) }
    }
}

fn missing_secret(desired: &DesiredClient, before: Option<&Client>, now: Timestamp) -> Option<Problem> {
    let live = |secret: &ClientSecret| secret.expires_at.is_none_or(|at| at > now);
    let has_one = desired.secret.is_some() || before.is_some_and(|client| client.secrets.iter().any(live));
    let needs_one = desired.metadata.token_endpoint_auth_method.has_secret();
    (needs_one && !has_one).then(|| Problem {
        key: Some(format!("clients[{}].client_secret", desired.client_id)),
        source: Some(desired.source.clone()),
        what: "a confidential client needs a secret".to_owned(),
        change: "Add client_secret or client_secret_file, or choose another token_endpoint_auth_method: private_key_jwt, or none."
            .to_owned(),
        ..Problem::default()
    })
}

fn client_change(desired: &DesiredClient, before: Option<&Client>, options: Options) -> Change {
    let now = options.now;
    let mut client = before.cloned().unwrap_or_else(|| Client {
        client_id: desired.client_id.clone(),
        enabled: desired.enabled,
        metadata: desired.metadata.clone(),
        secrets: Vec::new(),
        managed: true,
        created_at: now,
        updated_at: now,
    });
    client.metadata = desired.metadata.clone();
    client.enabled = desired.enabled;
    client.managed = true;
    let mut fields = differences(&before.map(client_fields).unwrap_or_default(), &client_fields(&client));
    if let Some(secrets) = new_secrets(desired, &client, options) {
        let from = if client.secrets.is_empty() { Value::Null } else { HIDDEN.into() };
        let to = if secrets.is_empty() { Value::Null } else { HIDDEN.into() };
        fields.push(FieldChange { field: "client_secret".to_owned(), from, to });
        client.secrets = secrets;
    }
    client.updated_at = now;
    let write = Write::Client { client: Box::new(client), seen: before.map(|client| client.updated_at) };
    Change { action: action(before.is_some()), kind: "client", id: desired.client_id.clone(), fields, write }
}

/// The secrets after the change, newest first; `None` when they stay.
fn new_secrets(desired: &DesiredClient, client: &Client, options: Options) -> Option<Vec<ClientSecret>> {
    if !client.metadata.token_endpoint_auth_method.has_secret() {
        return (!client.secrets.is_empty()).then(Vec::new);
    }
    let digest = Digest::of(desired.secret.as_ref()?.expose().as_bytes());
    let newest = client.secrets.first();
    if newest.is_some_and(|secret| secret.digest == digest && secret.expires_at.is_none()) {
        return None;
    }
    let fresh = ClientSecret { digest, created_at: options.now, expires_at: None };
    Some(super::client::rotated(&client.secrets, fresh, options.now, options.secret_overlap))
}

pub(super) fn client_fields(client: &Client) -> Map<String, Value> {
    let mut fields = object(&client.metadata);
    fields.insert("enabled".to_owned(), client.enabled.into());
    fields.insert("managed".to_owned(), client.managed.into());
    fields
}

fn user_change(desired: &DesiredUser, current: &Current, now: Timestamp) -> Change {
    let (before, new_hash) = (current.users.get(&desired.email), current.new_hashes.get(&desired.email));
    let mut user = before.cloned().unwrap_or_else(|| new_user(&desired.email, now));
    user.email_verified = desired.email_verified.unwrap_or(user.email_verified);
    user.administrator = desired.administrator.unwrap_or(user.administrator);
    let mut profile = object(&user.profile);
    profile.extend(desired.profile.clone());
    user.profile = serde_json::from_value::<Profile>(Value::Object(profile)).unwrap_or_else(|_| user.profile.clone());
    let mut fields = differences(&before.map(user_fields).unwrap_or_default(), &user_fields(&user));
    if let Some(hash) = new_hash {
        let from = if user.password_hash.is_some() { HIDDEN.into() } else { Value::Null };
        fields.push(FieldChange { field: "password".to_owned(), from, to: HIDDEN.into() });
        user.password_hash = Some(hash.clone());
        // Sessions and grants made under the old password end.
        user.auth_epoch = user.auth_epoch.saturating_add(i64::from(before.is_some()));
    }
    let (joining, joined) = membership_changes(desired.memberships.as_ref(), current.memberships.get(&desired.email));
    fields.extend(joined);
    user.updated_at = now;
    let declared = desired.password.as_ref().and_then(DesiredPassword::hash_digest);
    let seen = before.map(|user| user.updated_at);
    let write = Write::User { user: Box::new(user), seen, new_password: new_hash.is_some(), declared, joining };
    Change { action: action(before.is_some()), kind: "user", id: desired.email.clone(), fields, write }
}

/// A person nobody knows anything about yet.
pub(crate) fn new_user(email: &str, now: Timestamp) -> User {
    User {
        id: random_id(),
        email: email.to_owned(),
        email_verified: false,
        profile: Profile::default(),
        password_hash: None,
        enabled: true,
        suspended: false,
        administrator: false,
        auth_epoch: 0,
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
    }
}

fn user_fields(user: &User) -> Map<String, Value> {
    let mut fields = object(&user.profile);
    fields.insert("email".to_owned(), user.email.clone().into());
    fields.insert("email_verified".to_owned(), user.email_verified.into());
    fields.insert("administrator".to_owned(), user.administrator.into());
    fields
}

pub(super) const fn action(exists: bool) -> Action {
    if exists { Action::Update } else { Action::Create }
}

pub(super) fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

pub(super) fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<FieldChange> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |side: &Map<String, Value>, name: &String| side.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| FieldChange { field: name.clone(), from: value(before, name), to: value(after, name) })
        .filter(|change| change.from != change.to)
        .collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
