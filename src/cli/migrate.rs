//! `migrate`.

use clap::Subcommand;
use serde_json::json;

use super::database;
use super::failure::Failure;
use super::output::Answer;
use crate::config::Config;
use crate::store::{MigrationStatus, Store};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bring the schema up to date.
    Up,
    /// Say which migrations are applied and which are pending.
    Status,
    /// Take back the newest migrations. Data that only they have room for is lost.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    let store = database::connect(config).await?;
    let answer = execute(command, &store).await;
    store.close().await;
    answer
}

async fn execute(command: Command, store: &Store) -> Result<Answer, Failure> {
    Ok(match command {
        Command::Up => changed("Applied", "applied", &store.migrate_up().await?),
        Command::Down { steps } => changed("Took back", "taken_back", &store.migrate_down(steps).await?),
        Command::Status => {
            let status = store.migration_status().await?;
            Answer::new(describe(&status), &status)
        }
    })
}

fn changed(verb: &str, member: &str, names: &[String]) -> Answer {
    let text = if names.is_empty() { "Nothing to do.".to_owned() } else { format!("{verb}:\n  {}", names.join("\n  ")) };
    Answer::new(text, &json!({ member: names }))
}

fn describe(status: &MigrationStatus) -> String {
    let lines = |word: &'static str, names: &[String]| names.iter().map(|name| format!("{word:<8} {name}")).collect::<Vec<_>>();
    let all = [lines("applied", &status.applied), lines("pending", &status.pending), lines("unknown", &status.unknown)];
    let mut lines = all.concat();
    lines.extend(status.serves_from.iter().map(|from| format!("A program that knows {from} serves on this schema.")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_lists_applied_pending_and_unknown() {
        let status = MigrationStatus {
            applied: vec!["m1".to_owned()],
            pending: vec!["m2".to_owned()],
            unknown: vec!["m9".to_owned()],
            serves_from: None,
        };
        assert_eq!(describe(&status), "applied  m1\npending  m2\nunknown  m9");
    }
}
