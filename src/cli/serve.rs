//! `serve`.

use super::failure::Failure;
use super::output::Answer;
use crate::app::{self, Origin};
use crate::config::{Config, Loaded, StartupError};
use crate::outbound::Collector;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::{self, Traces};

/// Runs until it is told to stop.
pub(super) async fn run(loaded: Loaded) -> Result<Answer, Failure> {
    let Loaded { config, path, .. } = loaded;
    let metrics = Metrics::default();
    let traces = traces(&config, &metrics)?;
    let log = telemetry::init(&config.log, traces.as_ref())?;
    let served = app::serve(config, metrics, Origin { path, log }).await;
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
