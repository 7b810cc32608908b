//! `scope`.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::Failure;
use super::managed::{self, Force};
use super::moment::rfc3339;
use super::output::{Answer, table};
use super::scope_definition::{self, Members};
use super::{client_view, database};
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::Config;
use crate::declare::Key;
use crate::store::clients::Client;
use crate::store::scopes::{self, CustomScope};
use crate::store::{self, Store, clients};
use crate::tokens::Scope;
use crate::tokens::custom_scope::{Definition, broken_name};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a scope beside the standard ones.
    Add(Box<Add>),
    /// Change what a scope is and releases: the members named here, and no others.
    Update(Box<Update>),
    /// All scopes beside the standard ones.
    List,
    /// One scope, with the applications that may ask for it.
    Show { name: String },
    /// No application is given it any more; what was granted with it goes on without it.
    Disable {
        name: String,
        #[command(flatten)]
        force: Force,
    },
    /// Applications are given it again, whoever was granted it before as well.
    Enable {
        name: String,
        #[command(flatten)]
        force: Force,
    },
    /// Remove a scope that no application may ask for.
    Remove {
        name: String,
        #[command(flatten)]
        force: Force,
    },
}

#[derive(Debug, Default, Args)]
pub(super) struct Add {
    /// What applications ask for, such as roles or orders:read.
    pub(super) name: String,
    #[command(flatten)]
    pub(super) members: Members,
}

#[derive(Debug, Default, Args)]
pub(super) struct Update {
    pub(super) name: String,
    #[command(flatten)]
    pub(super) members: Members,
    #[command(flatten)]
    pub(super) force: Force,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    let reads = matches!(command, Command::List | Command::Show { .. });
    let store = if reads { database::open_to_read(config).await? } else { database::open(config).await? };
    let answer = execute(command, &store, SystemClock.now()).await;
    store.close().await;
    answer
}

async fn execute(command: Command, store: &Store, now: Timestamp) -> Result<Answer, Failure> {
    let free = async |name: &str, force: Force| managed::refuse(store, &Key::scope(name), force).await;
    match command {
        Command::Add(arguments) => add(store, *arguments, now).await,
        Command::List => list(store).await,
        Command::Show { name } => show(store, &name).await,
        Command::Update(arguments) => {
            free(&arguments.name, arguments.force).await?;
            let before = find(store, &arguments.name).await?;
            let definition: Definition = serde_json::from_str(&before.definition)
                .map_err(|error| Failure::new(format!("The stored definition of {} cannot be read: {error}.", before.name)))?;
            let definition = checked(arguments.members.over(definition))?.to_json();
            change(store, &before, CustomScope { definition, updated_at: now, ..before.clone() }, "changed").await
        }
        Command::Disable { name, force } => {
            free(&name, force).await?;
            let before = find(store, &name).await?;
            change(store, &before, CustomScope { enabled: false, updated_at: now, ..before.clone() }, "disabled").await
        }
        Command::Enable { name, force } => {
            free(&name, force).await?;
            let before = find(store, &name).await?;
            change(store, &before, CustomScope { enabled: true, updated_at: now, ..before.clone() }, "enabled").await
        }
        Command::Remove { name, force } => {
            free(&name, force).await?;
            remove(store, &name, now).await
        }
    }
}

fn checked(definition: Definition) -> Result<Definition, Failure> {
    scope_definition::check(&definition).map(|()| definition)
}

async fn add(store: &Store, arguments: Add, now: Timestamp) -> Result<Answer, Failure> {
    let name = arguments.name;
    if let Some(broken) = broken_name(&name) {
        return Err(Failure::new(format!("{name:?}: {}. {}", broken.what, broken.change)));
    }
    let definition = checked(arguments.members.over(Definition::default()))?.to_json();
    let scope = CustomScope { name, definition, managed: false, enabled: true, created_at: now, updated_at: now };
    let job = Arc::new((scope.clone(), event(&scope.name, "created")));
    let inserted = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            scopes::insert(conn, &job.0).await?;
            audit::record(conn, &job.1, now).await
        })
    });
    inserted.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("There is a scope {} already.", scope.name)),
        other => other.into(),
    })?;
    let text =
        format!("Added {0}. Give it to an application with its member `scope`; people are asked for it as for any other.", scope.name);
    Ok(Answer::new(text, &view(&scope, None)))
}

/// Writes it while it is what was read. `what`: the past tense of the command.
async fn change(store: &Store, before: &CustomScope, after: CustomScope, what: &'static str) -> Result<Answer, Failure> {
    if (&after.definition, after.enabled) == (&before.definition, before.enabled) {
        return Ok(Answer::new(format!("{} is like that already.", before.name), &view(before, None)));
    }
    let (now, seen) = (after.updated_at, before.updated_at);
    let event = event(&after.name, what).detail("from", before.definition.clone()).detail("to", after.definition.clone());
    let job = Arc::new((after, event));
    let written = Arc::clone(&job);
    let writing = store.write(move |conn| {
        let job = Arc::clone(&written);
        Box::pin(async move {
            scopes::update_seen(conn, &job.0, seen).await?;
            audit::record(conn, &job.1, now).await
        })
    });
    writing.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("{} was changed meanwhile; nothing was written. Run this again.", job.0.name)),
        other => other.into(),
    })?;
    Ok(Answer::new(format!("{} is {what}.", job.0.name), &view(&job.0, None)))
}

/// A client must not be registered for what nobody knows.
async fn remove(store: &Store, name: &str, now: Timestamp) -> Result<Answer, Failure> {
    find(store, name).await?;
    let holders = holders(&clients::list(&store.read()).await?, name);
    if !holders.is_empty() {
        return Err(Failure::new(format!(
            "{name} is among the scopes of {}: take it from there first, or `vestibule scope disable {name}`, after which nobody is given it.",
            holders.join(", ")
        )));
    }
    let job = Arc::new((name.to_owned(), event(name, "removed")));
    let removing = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            let removed = scopes::remove(conn, &job.0).await?;
            if removed {
                audit::record(conn, &job.1, now).await?;
            }
            Ok(removed)
        })
    });
    if !removing.await? {
        return Err(unknown(name));
    }
    Ok(Answer::new(format!("Removed {name}."), &json!({ "name": name, "removed": true })))
}

async fn list(store: &Store) -> Result<Answer, Failure> {
    let scopes = scopes::list(&store.read()).await?;
    let row = |scope: &CustomScope| {
        let definition: Definition = serde_json::from_str(&scope.definition).unwrap_or_default();
        let claims: Vec<&str> = definition.claims.keys().map(String::as_str).collect();
        let managed = if scope.managed { "declared" } else { "by hand" };
        let state = if scope.enabled { "" } else { "disabled" };
        vec![scope.name.clone(), claims.join(" "), managed.to_owned(), state.to_owned()]
    };
    let rows: Vec<Vec<String>> = scopes.iter().map(row).collect();
    let views: Vec<Value> = scopes.iter().map(|scope| view(scope, None)).collect();
    Ok(Answer::new(table(&["name", "claims", "made", ""], &rows), &views))
}

async fn show(store: &Store, name: &str) -> Result<Answer, Failure> {
    let scope = find(store, name).await?;
    let view = view(&scope, Some(holders(&clients::list(&store.read()).await?, name)));
    Ok(Answer::new(client_view::text(&view), &view))
}

/// The ids of the clients that may ask for it.
fn holders(clients: &[Client], name: &str) -> Vec<String> {
    let has = |client: &&Client| Scope::parse(&client.metadata.scope).is_some_and(|scope| scope.contains(name));
    clients.iter().filter(has).map(|client| client.client_id.clone()).collect()
}

async fn find(store: &Store, name: &str) -> Result<CustomScope, Failure> {
    scopes::find(&store.read(), name).await?.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Failure {
    let standard = if Scope::KNOWN.contains(&name) { " It is a standard one, which is not changed." } else { "" };
    Failure::new(format!("There is no scope {name} beside the standard ones.{standard} `vestibule scope list` shows all."))
}

fn event(name: &str, action: &'static str) -> Event {
    Event::new(Kind::ScopeChanged, &Origin::default()).detail("scope", name).detail("action", action).detail("by", "command line")
}

fn view(scope: &CustomScope, clients: Option<Vec<String>>) -> Value {
    let mut view = serde_json::from_str::<Value>(&scope.definition).ok().filter(Value::is_object).unwrap_or_else(|| json!({}));
    if let Some(members) = view.as_object_mut() {
        members.insert("name".to_owned(), scope.name.clone().into());
        members.insert("managed".to_owned(), scope.managed.into());
        members.insert("enabled".to_owned(), scope.enabled.into());
        members.insert("created_at".to_owned(), rfc3339(scope.created_at).into());
        members.insert("updated_at".to_owned(), rfc3339(scope.updated_at).into());
        members.extend(clients.map(|clients| ("clients".to_owned(), clients.into())));
    }
    view
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
