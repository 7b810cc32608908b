//! `templates`.

use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::mail;
use crate::web::pages::samples;

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Command {
    /// Render every page and every mail with every sample in every language, and check the result.
    Check,
}

pub(super) fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    match command {
        Command::Check => {
            let letters = mail::samples::letters(&config.issuer(), Timestamp::from_secs(1_800_000_000));
            let rendered = samples::check(&config.brand, &letters).map_err(|problems| Failure::new(problems.join("\n")))?;
            Ok(Answer::new(format!("{rendered} pages and mails are in order."), &json!({ "valid": true, "rendered": rendered })))
        }
    }
}
