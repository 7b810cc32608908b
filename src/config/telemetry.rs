//! `[telemetry]`: traces, for an OpenTelemetry collector.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Base URL of an OpenTelemetry collector that takes OTLP over HTTP, such as `http://collector:4318`; `/v1/traces` is appended. Without it no traces are
    /// made, unless `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is in the environment.
    pub traces_endpoint: Option<String>,
    /// Headers for the collector, as `name=value,name=value`: its key, mostly. Beside `OTEL_EXPORTER_OTLP_HEADERS`.
    #[serde(skip_serializing)]
    pub traces_headers: Option<Secret<String>>,
    /// What this service is called in traces. `OTEL_SERVICE_NAME` wins.
    pub service_name: String,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { traces_endpoint: None, traces_headers: None, service_name: "vestibule".to_owned() }
    }
}
