//! `templates`.

use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use crate::config::Config;
use crate::web::pages::samples;

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Command {
    /// Render every page with every sample in every language, and check the result.
    Check,
}

pub(super) fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    match command {
        Command::Check => {
            let rendered = samples::check(&config.brand).map_err(|problems| Failure::new(problems.join("\n")))?;
            Ok(Answer::new(format!("{rendered} pages are in order."), &json!({ "valid": true, "rendered": rendered })))
        }
    }
}
