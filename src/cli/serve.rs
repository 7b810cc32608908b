//! `serve`.

use super::failure::Failure;
use super::output::Answer;
use crate::app::{self, Origin};
use crate::config::Loaded;
use crate::telemetry;

/// Runs until it is told to stop.
pub(super) async fn run(loaded: Loaded) -> Result<Answer, Failure> {
    let Loaded { config, path, .. } = loaded;
    let log = telemetry::init(&config.log)?;
    app::serve(config, Origin { path, log }).await?;
    Ok(Answer::new("", &serde_json::json!({ "stopped": true })))
}
