//! `plan`, and how a plan is printed.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::database;
use super::declared::object_view;
use super::failure::Failure;
use super::output::Answer;
use crate::account::password::Passwords;
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::Config;
use crate::declare::{self, Action, Change, Directory, FieldChange, Keeping, Options, Plan};
use crate::store::Store;
use crate::store::declared_objects::{DeclaredObject, State};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// TOML files with [[clients]], [[scopes]], [[organizations]] and [[users]], or directories of them. None: the directory of `declared.directory`, with what
    /// becomes of things that are no longer declared there.
    #[arg(value_name = "FILE|DIRECTORY")]
    paths: Vec<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, config: &Config) -> Result<Answer, Failure> {
    let store = database::open_to_read(config).await?;
    let answer = execute(&arguments.paths, config, &store, SystemClock.now()).await;
    store.close().await;
    answer
}

/// What would change, and drift in the exit code.
async fn execute(paths: &[PathBuf], config: &Config, store: &Store, now: Timestamp) -> Result<Answer, Failure> {
    let passwords = Passwords::start(&config.password);
    let options = Options { now, secret_overlap: config.declared.secret_overlap.0 };
    if !paths.is_empty() {
        let document = declare::read(paths, config)?;
        let plan = declare::plan(store, &passwords, &document, options).await?;
        return Ok(answer(&plan, &[], "would change").drift(!plan.changes.is_empty()));
    }
    let directory = Directory::read(declared(config)?, config)?;
    let keeping = Keeping { store, passwords: &passwords, removal: config.declared.removal, options };
    let (plan, unready) = declare::preview(keeping, &directory).await?;
    let drift = !plan.changes.is_empty() || !unready.is_empty();
    let mut answer = answer(&plan, &unready, "would change").drift(drift);
    answer.bad = unready.iter().any(|object| object.state == State::Error);
    Ok(answer)
}

/// The directory that the settings name.
pub(super) fn declared(config: &Config) -> Result<&Path, Failure> {
    let none = "Name files or directories, or set declared.directory (VESTIBULE_DECLARED__DIRECTORY).";
    config.declared.directory.as_deref().ok_or_else(|| Failure::new(none))
}

/// A plan with the objects that are not ready.
pub(super) fn answer(plan: &Plan, unready: &[DeclaredObject], verb: &str) -> Answer {
    let mut lines: Vec<String> = plan.changes.iter().flat_map(describe_change).collect();
    lines.extend(unready.iter().map(describe_unready));
    lines.push(format!("{} {verb}, {} as declared", plan.changes.len(), plan.unchanged));
    let unready: Vec<Value> = unready.iter().map(object_view).collect();
    let json = json!({ "applied": verb == "changed", "changes": plan.changes, "unchanged": plan.unchanged, "unready": unready });
    Answer::new(lines.join("\n"), &json)
}

fn describe_change(change: &Change) -> Vec<String> {
    let (sign, why) = match change.action {
        Action::Create => ("+", ""),
        Action::Update => ("~", ""),
        Action::Delete => ("-", " is removed: no longer declared"),
        Action::Disable => ("-", " is disabled: no longer declared"),
        Action::Orphan => ("-", " is released: no longer declared"),
    };
    let field = |field: &FieldChange| match change.action {
        Action::Create => Some(format!("    {}: {}", field.field, field.to)),
        Action::Delete => None,
        _ => Some(format!("    {}: {} -> {}", field.field, field.from, field.to)),
    };
    let head = format!("{sign} {} {}{why}", change.kind, change.id);
    std::iter::once(head).chain(change.fields.iter().filter_map(field)).collect()
}

fn describe_unready(object: &DeclaredObject) -> String {
    let reason = object.reason.as_deref().unwrap_or_default().replace('\n', "\n    ");
    format!("! {} {} is not ready ({}):\n    {reason}", object.kind, object.id, object.state.as_str())
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
