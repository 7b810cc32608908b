//! `config`.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use crate::config::{Config, Source, reference};
use crate::telemetry;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Load the settings and report every problem.
    Check,
    /// Print every setting with its documentation and default, as a configuration file.
    Reference(Reference),
}

#[derive(Debug, Args)]
pub(super) struct Reference {
    /// Print the Markdown page instead.
    #[arg(long)]
    markdown: bool,
}

/// The settings were loaded and checked on the way here; only the log filter is left.
pub(super) fn check(config: &Config, sources: &BTreeMap<String, Source>) -> Result<Answer, Failure> {
    telemetry::filter(&config.log)?;
    let set: Vec<String> = sources.iter().map(|(name, source)| format!("  {name} ({source})")).collect();
    let json: BTreeMap<&String, String> = sources.iter().map(|(name, source)| (name, source.to_string())).collect();
    let issuer = config.issuer();
    let text = format!("The configuration is valid. Issuer: {}\n{}", issuer.as_str(), set.join("\n"));
    Ok(Answer::new(text, &json!({ "valid": true, "issuer": issuer.as_str(), "set": json })))
}

pub(super) fn reference(arguments: &Reference) -> Answer {
    let entry = |setting: reference::Setting| {
        json!({
            "name": setting.name(),
            "variable": setting.variable(),
            "form": setting.form(),
            "documentation": setting.doc,
            "default": setting.default,
            "secret": setting.secret,
        })
    };
    let settings: Vec<serde_json::Value> = reference::settings().into_iter().map(entry).collect();
    let text = if arguments.markdown { reference::markdown() } else { reference::toml() };
    Answer::new(text, &settings)
}
