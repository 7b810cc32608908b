//! `declared`: what the declared directory manages, and how far it has come.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::Failure;
use super::moment::rfc3339;
use super::output::{Answer, table};
use super::{database, declared_check};
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::Config;
use crate::declare::{Directory, InForce};
use crate::store::declared_objects::{self, DeclaredObject, State};
use crate::store::{Store, settings};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How far every declared object has come, and whether the directory here is the one in force.
    Status,
    /// Read documents and report every mistake, without a database: for the pipeline that is about to mount them. Secrets in files need not be there.
    Check {
        /// TOML files, or directories of them. None: the directory of `declared.directory`.
        #[arg(value_name = "FILE|DIRECTORY")]
        paths: Vec<PathBuf>,
    },
    /// Take an object, or all of them, from a directory that is no more: they stay as they are and are changed by hand.
    Release {
        /// client, scope, organization, user or document.
        #[arg(required_unless_present = "all", requires = "id")]
        kind: Option<String>,
        /// The client id, the scope's name, the organisation's id, the address or the file's name.
        id: Option<String>,
        /// Everything.
        #[arg(long, conflicts_with = "kind")]
        all: bool,
    },
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    if let Command::Check { paths } = &command {
        return declared_check::run(paths, config);
    }
    let reads = matches!(command, Command::Status);
    let store = if reads { database::open_to_read(config).await? } else { database::open(config).await? };
    let answer = execute(command, config, &store, SystemClock.now()).await;
    store.close().await;
    answer
}

async fn execute(command: Command, config: &Config, store: &Store, now: Timestamp) -> Result<Answer, Failure> {
    match command {
        Command::Status => status(config, store).await,
        Command::Check { paths } => declared_check::run(&paths, config),
        Command::Release { kind, id, .. } => release(store, kind.zip(id), now).await,
    }
}

async fn status(config: &Config, store: &Store) -> Result<Answer, Failure> {
    let objects = declared_objects::list(&store.read()).await?;
    let in_force = settings::find(&store.read(), InForce::SETTING).await?.as_deref().and_then(InForce::parse);
    let (state, reason) = here(config, in_force.as_ref());
    let place = config.declared.directory.as_ref().map(|path| path.display().to_string());
    let ready = objects.iter().all(|object| object.state == State::Ready);
    let json = json!({
        "directory": { "path": place, "state": state, "reason": reason },
        "in_force": in_force.as_ref().map(|in_force| json!({ "digest": in_force.digest, "since": rfc3339(in_force.since) })),
        "objects": objects.iter().map(object_view).collect::<Vec<_>>(),
    });
    let since = in_force.as_ref().map(|in_force| format!("\nin force since {}", rfc3339(in_force.since))).unwrap_or_default();
    let head = format!("directory {}: {}{since}", place.as_deref().unwrap_or("none"), reason.as_deref().unwrap_or(state));
    let mut answer = Answer::new(format!("{head}\n\n{}", text(&objects)), &json);
    answer.bad = !ready || state == "lost";
    Ok(answer)
}

/// What the directory is that this command sees: `none`, `lost`, `waiting`, `behind` or `in_force`, and why.
fn here(config: &Config, in_force: Option<&InForce>) -> (&'static str, Option<String>) {
    let Some(path) = &config.declared.directory else { return ("none", None) };
    match (Directory::read(path, config), in_force) {
        (Err(lost), _) => ("lost", Some(format!("{lost}; nothing is changed until it is back"))),
        (Ok(_), None) => ("waiting", Some("nothing was brought about yet".to_owned())),
        (Ok(directory), Some(in_force)) if directory.digest == in_force.digest => ("in_force", None),
        (Ok(_), Some(_)) => ("behind", Some("another version of it is in force".to_owned())),
    }
}

fn text(objects: &[DeclaredObject]) -> String {
    let row = |object: &DeclaredObject| {
        let state = object.state.as_str().to_owned();
        vec![object.kind.clone(), object.id.clone(), state, rfc3339(object.since), object.source.clone()]
    };
    let rows: Vec<Vec<String>> = objects.iter().map(row).collect();
    let reasons = objects.iter().filter_map(|object| {
        let reason = object.reason.as_ref()?;
        Some(format!("\n{} {}: {}", object.kind, object.id, reason.replace('\n', "\n    ")))
    });
    table(&["kind", "id", "state", "since", "document"], &rows) + &reasons.collect::<String>()
}

pub(super) fn object_view(object: &DeclaredObject) -> Value {
    json!({
        "kind": object.kind,
        "id": object.id,
        "state": object.state,
        "reason": object.reason,
        "since": rfc3339(object.since),
        "document": object.source,
        "digest": object.digest,
    })
}

/// `one`: kind and id; `None`: all.
async fn release(store: &Store, one: Option<(String, String)>, now: Timestamp) -> Result<Answer, Failure> {
    let job = Arc::new(one.clone());
    let releasing = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            let mut released = Vec::new();
            for object in declared_objects::list(conn).await? {
                let meant = job.as_ref().as_ref().is_none_or(|(kind, id)| (kind, id) == (&object.kind, &object.id));
                if meant && declared_objects::revoke(conn, &object.kind, &object.id).await? {
                    released.push(format!("{} {}", object.kind, object.id));
                }
            }
            if job.is_none() {
                settings::revoke(conn, InForce::SETTING).await?;
            }
            if !released.is_empty() {
                let event = Event::new(Kind::StateApplied, &Origin::default()).detail("by", "command line");
                audit::record(conn, &event.detail("released", released.clone()), now).await?;
            }
            Ok(released)
        })
    });
    let released = releasing.await?;
    if let (true, Some((kind, id))) = (released.is_empty(), one) {
        return Err(Failure::new(format!("No directory manages {kind} {id}. `vestibule declared status` shows what is managed.")));
    }
    let text = format!("Released {}; a document that still declares one of them takes it back.", released.len());
    Ok(Answer::new(text, &json!({ "released": released })))
}

#[cfg(test)]
#[path = "declared_tests.rs"]
mod tests;
