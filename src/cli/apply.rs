//! `apply`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::database;
use super::failure::Failure;
use super::output::Answer;
use crate::account::password::Passwords;
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::{Config, Span};
use crate::declare::{self, Action, Change, FieldChange, Options, Plan};
use crate::store::Store;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// TOML files with [[clients]], [[organizations]] and [[users]].
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// How long a replaced client secret stays valid; 0s ends it at once.
    #[arg(long, default_value = "24h")]
    secret_overlap: Span,
}

pub(super) async fn run(arguments: Arguments, config: &Config) -> Result<Answer, Failure> {
    let store = database::open(config).await?;
    let answer = execute(&arguments, config, &store, SystemClock.now()).await;
    store.close().await;
    answer
}

async fn execute(arguments: &Arguments, config: &Config, store: &Store, now: Timestamp) -> Result<Answer, Failure> {
    let document = declare::read(&arguments.files, config)?;
    let options = Options { now, secret_overlap: arguments.secret_overlap.0 };
    let plan = declare::plan(store, &Passwords::start(&config.password), &document, options).await?;
    if !arguments.dry_run {
        declare::apply(store, &plan, now).await?;
    }
    let json = json!({ "applied": !arguments.dry_run, "changes": plan.changes, "unchanged": plan.unchanged });
    Ok(Answer::new(describe(&plan, arguments.dry_run), &json))
}

fn describe(plan: &Plan, dry_run: bool) -> String {
    let mut lines: Vec<String> = plan.changes.iter().flat_map(describe_change).collect();
    let verb = if dry_run { "would change" } else { "changed" };
    lines.push(format!("{} {verb}, {} as declared", plan.changes.len(), plan.unchanged));
    lines.join("\n")
}

fn describe_change(change: &Change) -> Vec<String> {
    let sign = if change.action == Action::Create { "+" } else { "~" };
    let field = |field: &FieldChange| match change.action {
        Action::Create => format!("    {}: {}", field.field, field.to),
        Action::Update => format!("    {}: {} -> {}", field.field, field.from, field.to),
    };
    std::iter::once(format!("{sign} {} {}", change.kind, change.id)).chain(change.fields.iter().map(field)).collect()
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
