//! `templates`.

use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use crate::config::Config;
use crate::web::Pages;

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Command {
    /// Compile every template and message file.
    Check,
}

pub(super) fn run(command: &Command, config: &Config) -> Result<Answer, Failure> {
    match command {
        Command::Check => {
            Pages::load(&config.brand).map_err(Failure::new)?;
            Ok(Answer::new("All templates and messages are in order.", &json!({ "valid": true })))
        }
    }
}
