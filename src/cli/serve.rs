//! `serve`.

use super::failure::Failure;
use super::output::Answer;
use crate::config::Config;
use crate::{app, telemetry};

/// Runs until it is told to stop.
pub(super) async fn run(config: Config) -> Result<Answer, Failure> {
    telemetry::init(&config.log)?;
    app::serve(config).await?;
    Ok(Answer::new("", &serde_json::json!({ "stopped": true })))
}
