//! Counters for operators, in the text format of Prometheus. Their labels are words of ours: nothing a client sends becomes one, so that there are only so many.

use std::sync::Arc;

use metrics::{Counter, Gauge, Key, KeyName, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

const METADATA: Metadata<'static> = Metadata::new("vestibule", Level::INFO, None);

/// Requests and tries that a limit refused, by limit.
const LIMITED: &str = "vestibule_limited_total";
/// Bans, releases and unlocks need no counter: the audit log has them.
const BANNED: &str = "vestibule_banned_total";
const CONNECTIONS_REFUSED: &str = "vestibule_connections_refused_total";
const CONNECTIONS: &str = "vestibule_connections";
const EDGE_ADDRESSES: &str = "vestibule_limited_addresses";
const HASHES: &str = "vestibule_password_hashes";
const DECLARED: &str = "vestibule_declared_objects";
const DECLARED_DIRECTORY: &str = "vestibule_declared_directory";
const DECLARED_SUCCESS: &str = "vestibule_declared_last_success_timestamp_seconds";

/// The counters of one service. No global recorder: two services in one process count apart. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
}

impl Default for Metrics {
    fn default() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let describe = |name: &'static str, text: &'static str| {
            recorder.describe_counter(KeyName::from_const_str(name), None, text.into());
        };
        describe(LIMITED, "Requests and tries refused by a limit.");
        describe(BANNED, "Requests refused because their address is banned.");
        describe(CONNECTIONS_REFUSED, "Connections closed because their address has too many.");
        let gauge = |name: &'static str, text: &'static str| {
            recorder.describe_gauge(KeyName::from_const_str(name), None, text.into());
        };
        gauge(CONNECTIONS, "Open connections.");
        gauge(EDGE_ADDRESSES, "Addresses the limiters of this process remember.");
        gauge(HASHES, "Password hashes, waiting and running.");
        gauge(DECLARED, "Objects of the declared directory by state; documents that cannot be used are errors.");
        gauge(DECLARED_DIRECTORY, "Whether the directory this process sees is the one in force, an old one, or lost.");
        gauge(DECLARED_SUCCESS, "When this process last found or brought everything about that its directory declares.");
        let handle = recorder.handle();
        Self { recorder: Arc::new(recorder), handle }
    }
}

impl Metrics {
    /// A limit refused something. `limit` is one of ours.
    pub fn limited(&self, limit: &'static str) {
        self.counter(LIMITED, Some(("limit", limit))).increment(1);
    }

    pub fn banned(&self) {
        self.counter(BANNED, None).increment(1);
    }

    pub fn connection_refused(&self) {
        self.counter(CONNECTIONS_REFUSED, None).increment(1);
    }

    /// What is measured when somebody asks: open connections, addresses remembered, hashes `(waiting, running)`.
    pub fn measured(&self, connections: usize, addresses: usize, (waiting, running): (usize, usize)) {
        self.gauge(CONNECTIONS, None).set(number(connections));
        self.gauge(EDGE_ADDRESSES, None).set(number(addresses));
        self.gauge(HASHES, Some(("state", "waiting"))).set(number(waiting));
        self.gauge(HASHES, Some(("state", "running"))).set(number(running));
    }

    /// How many declared objects are in each state.
    pub fn declared(&self, counts: &[(&'static str, usize)]) {
        counts.iter().for_each(|(state, count)| self.gauge(DECLARED, Some(("state", *state))).set(number(*count)));
    }

    /// What the declared directory is, of all the `states` it may have; `success`: seconds since 1970, when all was as declared.
    pub fn declared_directory(&self, states: &[(&'static str, bool)], success: Option<i64>) {
        states.iter().for_each(|(state, holds)| self.gauge(DECLARED_DIRECTORY, Some(("state", *state))).set(f64::from(u8::from(*holds))));
        if let Some(seconds) = success.and_then(|seconds| u32::try_from(seconds).ok()) {
            self.gauge(DECLARED_SUCCESS, None).set(f64::from(seconds));
        }
    }

    /// All of them as text.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }

    fn counter(&self, name: &'static str, label: Option<(&'static str, &'static str)>) -> Counter {
        self.recorder.register_counter(&key(name, label), &METADATA)
    }

    fn gauge(&self, name: &'static str, label: Option<(&'static str, &'static str)>) -> Gauge {
        self.recorder.register_gauge(&key(name, label), &METADATA)
    }
}

fn key(name: &'static str, label: Option<(&'static str, &'static str)>) -> Key {
    let labels: Vec<Label> = label.into_iter().map(|(name, value)| Label::from_static_parts(name, value)).collect();
    Key::from_parts(name, labels)
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_rendered() {
        let metrics = Metrics::default();
        metrics.limited("pages");
        metrics.limited("pages");
        metrics.banned();
        metrics.measured(3, 7, (1, 2));
        let text = metrics.render();
        for line in [
            "vestibule_limited_total{limit=\"pages\"} 2",
            "vestibule_banned_total 1",
            "vestibule_connections 3",
            "vestibule_password_hashes{state=\"running\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!Metrics::default().render().contains("limit="), "counted apart");
    }
}
