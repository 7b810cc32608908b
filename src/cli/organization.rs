//! `organization`.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::Failure;
use super::managed::{self, Force};
use super::moment::rfc3339;
use super::organization_policy::{self, Members, Policy};
use super::organization_switch;
use super::output::{Answer, table};
use super::{client_view, database};
use crate::account::email;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::Config;
use crate::declare::Key;
use crate::organization::{Rules, is_id};
use crate::session;
use crate::store::memberships::{self, Membership};
use crate::store::organizations::{self, Organization};
use crate::store::users::{self, User};
use crate::store::{self, Store};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an organisation.
    Add(Box<Add>),
    /// All organisations.
    List,
    /// One organisation, with its people.
    Show { id: String },
    /// Change what an organisation asks of its people: the members named here, and no others.
    Policy(Box<Policy>),
    /// Nobody of it signs in, and everything of theirs ends, unless they belong to another organisation that is enabled.
    Disable {
        id: String,
        #[command(flatten)]
        force: Force,
    },
    /// Its people can sign in again.
    Enable {
        id: String,
        #[command(flatten)]
        force: Force,
    },
    /// Remove an organisation that is enabled. Its people stay, and what it asked of them no longer holds.
    Remove {
        id: String,
        #[command(flatten)]
        force: Force,
    },
    /// Make somebody a member, or change whether they administer it.
    AddMember {
        id: String,
        email: String,
        /// Is told when something is wrong with a member's account.
        #[arg(long)]
        administrator: bool,
    },
    /// Somebody no longer belongs to it.
    RemoveMember { id: String, email: String },
}

#[derive(Debug, Default, Args)]
pub(super) struct Add {
    /// A short name in lower case, such as acme.
    id: String,
    /// What people read.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    members: Members,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    let reads = matches!(command, Command::List | Command::Show { .. });
    let store = if reads { database::open_to_read(config).await? } else { database::open(config).await? };
    let answer = execute(command, &store, SystemClock.now()).await;
    store.close().await;
    answer
}

async fn execute(command: Command, store: &Store, now: Timestamp) -> Result<Answer, Failure> {
    match command {
        Command::Add(arguments) => add(store, *arguments, now).await,
        Command::Policy(arguments) => {
            managed::refuse(store, &Key::organization(&arguments.id), arguments.force).await?;
            organization_policy::change(store, *arguments, now).await
        }
        Command::Disable { id, force } => {
            managed::refuse(store, &Key::organization(&id), force).await?;
            organization_switch::switch(store, &id, false, now).await
        }
        Command::Enable { id, force } => {
            managed::refuse(store, &Key::organization(&id), force).await?;
            organization_switch::switch(store, &id, true, now).await
        }
        Command::List => list(store).await,
        Command::Show { id } => show(store, &id).await,
        Command::Remove { id, force } => {
            managed::refuse(store, &Key::organization(&id), force).await?;
            remove(store, id, now).await
        }
        Command::AddMember { id, email, administrator } => change_member(store, &id, &email, (Some(administrator), now)).await,
        Command::RemoveMember { id, email } => change_member(store, &id, &email, (None, now)).await,
    }
}

async fn add(store: &Store, arguments: Add, now: Timestamp) -> Result<Answer, Failure> {
    let (id, name) = (arguments.id.clone(), arguments.name.clone());
    if !is_id(&id) {
        return Err(Failure::new(format!(
            "{id:?} cannot be an organisation's id. Write lower-case letters, digits and hyphens, such as acme."
        )));
    }
    let rules = arguments.members.over(Rules::default());
    rules.check().map_err(|(member, what)| Failure::new(format!("{member}: {what}.")))?;
    let organization = Organization { id, name, policy: rules.to_json(), managed: false, enabled: true, created_at: now, updated_at: now };
    let job = Arc::new((organization.clone(), event(&organization.id).detail("action", "created")));
    let inserted = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            organizations::insert(conn, &job.0).await?;
            audit::record(conn, &job.1, now).await
        })
    });
    inserted.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("There is an organisation {} already.", organization.id)),
        other => other.into(),
    })?;
    Ok(Answer::new(format!("Added {}.", organization.id), &view(&organization)))
}

async fn list(store: &Store) -> Result<Answer, Failure> {
    let organizations = organizations::list(&store.read()).await?;
    let row = |organization: &Organization| {
        let managed = if organization.managed { "declared" } else { "by hand" };
        let state = if organization.enabled { "" } else { "disabled" };
        vec![organization.id.clone(), organization.name.clone(), managed.to_owned(), state.to_owned()]
    };
    let rows: Vec<Vec<String>> = organizations.iter().map(row).collect();
    let views: Vec<Value> = organizations.iter().map(view).collect();
    Ok(Answer::new(table(&["id", "name", "made", ""], &rows), &views))
}

async fn show(store: &Store, id: &str) -> Result<Answer, Failure> {
    let organization = find(store, id).await?;
    let people = memberships::list_by_organization(&store.read(), id).await?;
    let person = |(membership, user): &(Membership, User)| json!({ "email": user.email, "administrator": membership.administrator });
    let mut view = view(&organization);
    let mut text = client_view::text(&view);
    for (membership, user) in &people {
        let role = if membership.administrator { "administrator" } else { "member" };
        let _ = write!(text, "\n{role:<36} {}", user.email);
    }
    if let Some(members) = view.as_object_mut() {
        members.insert("members".to_owned(), people.iter().map(person).collect());
    }
    Ok(Answer::new(text, &view))
}

async fn remove(store: &Store, id: String, now: Timestamp) -> Result<Answer, Failure> {
    if !find(store, &id).await?.enabled {
        return Err(Failure::new(format!(
            "{id} is disabled, and without it its people could sign in again. Enable it first, or lock or remove them."
        )));
    }
    let key: Arc<str> = id.as_str().into();
    let removing = store.write(move |conn| {
        let key = Arc::clone(&key);
        Box::pin(async move {
            let removed = organizations::remove(conn, &key, now).await?;
            if removed {
                audit::record(conn, &event(&key).detail("action", "removed"), now).await?;
            }
            Ok(removed)
        })
    });
    if !removing.await? {
        return Err(unknown(&id));
    }
    session::end_suspended(store, now).await?;
    Ok(Answer::new(format!("Removed {id}; its people are still there."), &json!({ "id": id, "removed": true })))
}

/// `administrator`: `None` when the membership ends.
async fn change_member(store: &Store, id: &str, address: &str, (administrator, now): (Option<bool>, Timestamp)) -> Result<Answer, Failure> {
    let organization = find(store, id).await?;
    let user = person(store, address).await?;
    let action = if administrator.is_some() { "member_added" } else { "member_removed" };
    let event = event(id).user(user.id).detail("action", action).detail("administrator", administrator == Some(true));
    let membership =
        Membership { organization_id: id.to_owned(), user_id: user.id, administrator: administrator == Some(true), created_at: now };
    let job = Arc::new((membership, event));
    let changing = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            let changed = if administrator.is_some() {
                memberships::update(conn, &job.0).await?;
                true
            } else {
                memberships::revoke(conn, &job.0.organization_id, job.0.user_id, now).await?
            };
            if changed {
                organization_switch::check_administered(conn).await?;
                audit::record(conn, &job.1, now).await?;
            }
            Ok(changed)
        })
    });
    if !changing.await.map_err(organization_switch::explain)? {
        return Err(Failure::new(format!("{} does not belong to {id}.", user.email)));
    }
    session::end_suspended(store, now).await?;
    let (text, role) = match administrator {
        Some(true) => (format!("{} belongs to {} and administers it.", user.email, organization.name), "administrator"),
        Some(false) => (format!("{} belongs to {}.", user.email, organization.name), "member"),
        None => (format!("{} no longer belongs to {}.", user.email, organization.name), "none"),
    };
    let suspended = person(store, address).await?.suspended;
    let text = match (user.suspended, suspended) {
        (false, true) => format!("{text} They cannot sign in while every organisation of theirs is disabled."),
        (true, false) => format!("{text} They can sign in again."),
        _ => text,
    };
    Ok(Answer::new(text, &json!({ "id": id, "email": user.email, "role": role, "suspended": suspended })))
}

pub(super) async fn find(store: &Store, id: &str) -> Result<Organization, Failure> {
    organizations::find(&store.read(), id).await?.ok_or_else(|| unknown(id))
}

async fn person(store: &Store, address: &str) -> Result<User, Failure> {
    let canonical = email::canonical(address).ok_or_else(|| Failure::new(format!("{address} is not an e-mail address.")))?;
    let found = users::find_by_email(&store.read(), &canonical).await?;
    found.ok_or_else(|| Failure::new(format!("There is nobody with the address {address}. `vestibule user list` shows everybody.")))
}

fn unknown(id: &str) -> Failure {
    Failure::new(format!("There is no organisation {id}. `vestibule organization list` shows all."))
}

pub(super) fn event(id: &str) -> Event {
    Event::new(Kind::OrganizationChanged, &Origin::default()).detail("organization", id).detail("by", "command line")
}

pub(super) fn view(organization: &Organization) -> Value {
    json!({
        "id": organization.id,
        "name": organization.name,
        "policy": serde_json::from_str::<Value>(&organization.policy).unwrap_or(Value::Null),
        "managed": organization.managed,
        "enabled": organization.enabled,
        "created_at": rfc3339(organization.created_at),
        "updated_at": rfc3339(organization.updated_at),
    })
}

#[cfg(test)]
#[path = "organization_tests.rs"]
mod tests;
