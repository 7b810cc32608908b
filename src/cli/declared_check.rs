//! `declared check`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use super::plan;
use crate::config::Config;
use crate::declare::{self, Checked};

/// Reads the documents and says what is wrong with them. Asks no database.
pub(super) fn run(paths: &[PathBuf], config: &Config) -> Result<Answer, Failure> {
    let of_settings = if paths.is_empty() { vec![plan::declared(config)?.to_owned()] } else { Vec::new() };
    let checked = declare::check(if paths.is_empty() { &of_settings } else { paths }, config)?;
    Ok(answer(&checked))
}

fn answer(checked: &Checked) -> Answer {
    let mut by_kind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for key in &checked.objects {
        by_kind.entry(key.kind).or_default().push(&key.id);
    }
    let waits: Vec<String> = checked.waits.iter().map(ToString::to_string).collect();
    let mut lines: Vec<String> = waits.iter().map(|problem| format!("! waits: {problem}")).collect();
    lines.extend(by_kind.iter().map(|(kind, ids)| format!("{kind}: {}", ids.join(", "))));
    lines.push(format!("The documents are valid: {} declared, {} wait for what is not here.", checked.objects.len(), waits.len()));
    Answer::new(lines.join("\n"), &json!({ "valid": true, "objects": by_kind, "waits": waits }))
}
