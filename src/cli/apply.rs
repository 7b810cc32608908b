//! `apply`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::failure::Failure;
use super::managed::{self, Force};
use super::output::Answer;
use super::{database, plan};
use crate::account::notice;
use crate::account::password::Passwords;
use crate::app::App;
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::{Config, Span};
use crate::declare::{self, Directory, Keeping, Options, Plan, Reconciler};
use crate::store::Store;
use crate::store::declared_objects::State;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// TOML files with [[clients]], [[scopes]], [[organizations]] and [[users]], or directories of them. None: the directory of `declared.directory`, as the service
    /// keeps to it.
    #[arg(value_name = "FILE|DIRECTORY")]
    files: Vec<PathBuf>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// How long a replaced client secret stays valid; 0s ends it at once.
    #[arg(long, default_value = "24h")]
    secret_overlap: Span,
    #[command(flatten)]
    force: Force,
}

pub(super) async fn run(arguments: Arguments, config: &Config) -> Result<Answer, Failure> {
    let store = database::open(config).await?;
    let answer = execute(&arguments, config, &store, SystemClock.now()).await;
    store.close().await;
    answer
}

async fn execute(arguments: &Arguments, config: &Config, store: &Store, now: Timestamp) -> Result<Answer, Failure> {
    let passwords = Passwords::start(&config.password);
    if arguments.files.is_empty() {
        let options = Options { now, secret_overlap: config.declared.secret_overlap.0 };
        let keeping = Keeping { store, passwords: &passwords, removal: config.declared.removal, options };
        return keep(keeping, config, arguments.dry_run).await;
    }
    let document = declare::read(&arguments.files, config)?;
    let options = Options { now, secret_overlap: arguments.secret_overlap.0 };
    let mut plan = declare::plan(store, &passwords, &document, options).await?;
    if !arguments.dry_run {
        refuse_managed(store, &plan, arguments.force).await?;
        if let Some(app) = teller(&plan, config).await? {
            plan.tell(|user| notice::password_set(&app, user, now));
            app.store.close().await;
        }
        declare::apply(store, &plan, now).await?;
    }
    Ok(plan::answer(&plan, &[], if arguments.dry_run { "would change" } else { "changed" }))
}

/// One look at the directory of the settings, as the service takes it; also where the service waits for its own copy to be exchanged.
async fn keep(keeping: Keeping<'_>, config: &Config, dry_run: bool) -> Result<Answer, Failure> {
    let directory = Directory::read(plan::declared(config)?, config)?;
    let (plan, unready) = declare::preview(keeping, &directory).await?;
    if !dry_run {
        let mut reconciler = Reconciler::insistent();
        if let Some(app) = teller(&plan, config).await? {
            app.store.close().await;
            reconciler = reconciler.telling(move |user, now| notice::password_set(&app, user, now));
        }
        reconciler.pass(keeping, &directory).await?;
    }
    let mut answer = plan::answer(&plan, &unready, if dry_run { "would change" } else { "changed" });
    answer.bad = unready.iter().any(|object| object.state == State::Error);
    Ok(answer)
}

/// Whose keys seal the mails, where somebody's password is set. Nothing else here needs the service's keys.
async fn teller(plan: &Plan, config: &Config) -> Result<Option<App>, Failure> {
    if !plan.sets_a_password() {
        return Ok(None);
    }
    Ok(Some(App::open(config.clone(), Arc::new(SystemClock)).await?))
}

async fn refuse_managed(store: &Store, plan: &Plan, force: Force) -> Result<(), Failure> {
    for change in &plan.changes {
        managed::refuse(store, &change.key(), force).await?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
