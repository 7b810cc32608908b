//! What the service is doing before it serves.

use std::sync::{Arc, Mutex, PoisonError};

use super::notify;
use crate::store::SchemaState;
use crate::telemetry::metrics::Metrics;

/// In words for whoever asks whether it is ready, for the service manager, and as a metric.
#[derive(Clone)]
pub struct Stage {
    at: Arc<Mutex<&'static str>>,
    metrics: Metrics,
}

impl Stage {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self { at: Arc::new(Mutex::new("starting")), metrics: metrics.clone() }
    }

    /// From now on it is doing this.
    pub(super) fn enter(&self, what: &'static str) {
        let mut now = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != what {
            *now = what;
            notify::status(what);
        }
    }

    /// What was found of the schema.
    pub(super) fn found(&self, schema: SchemaState) {
        self.metrics.schema(&schema.named());
    }

    /// The metrics of a process that does not serve yet.
    #[must_use]
    pub fn render(&self) -> String {
        self.metrics.not_ready();
        self.metrics.render()
    }

    #[must_use]
    pub fn now(&self) -> &'static str {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
