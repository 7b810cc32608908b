//! `serve`.

use super::failure::Failure;
use super::output::Answer;
use crate::app;
use crate::config::{Config, StartupError};
use crate::outbound::Collector;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::{self, Traces};

/// Runs until it is told to stop.
pub(super) async fn run(config: Config) -> Result<Answer, Failure> {
    let metrics = Metrics::default();
    let traces = traces(&config, &metrics)?;
    telemetry::init(&config.log, traces.as_ref())?;
    let served = app::serve(config, metrics).await;
    if let Some(traces) = traces {
        traces.close().await;
    }
    served?;
    Ok(Answer::new("", &serde_json::json!({ "stopped": true })))
}

/// The way to the trace collector, if there is one.
fn traces(config: &Config, metrics: &Metrics) -> Result<Option<Traces>, StartupError> {
    if !telemetry::wanted(&config.telemetry) {
        return Ok(None);
    }
    let refused = |error| StartupError::new("outbound", error);
    let collector = Collector::new(&config.outbound, metrics.clone()).map_err(refused)?;
    Traces::open(&config.telemetry, collector).map(Some)
}
