//! `[telemetry]`: traces, for an OpenTelemetry collector.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Base URL of an OpenTelemetry collector that takes OTLP over HTTP, such as `http://collector:4318`; `/v1/traces` is appended. Without it no traces are
    /// made, unless `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is in the environment. Its key, if it wants one, goes into `OTEL_EXPORTER_OTLP_HEADERS`.
    pub traces_endpoint: Option<String>,
    /// What this service is called in traces. `OTEL_SERVICE_NAME` wins.
    pub service_name: String,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { traces_endpoint: None, service_name: "vestibule".to_owned() }
    }
}
