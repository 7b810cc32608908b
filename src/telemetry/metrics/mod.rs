//! What is counted and measured for operators, in the text format of Prometheus.
//!
//! Owns: every metric's name, help and labels. Must not: let anything that a client sends become a label. Labels are words of ours, so that there are only so
//! many series, whoever asks for what; names follow Prometheus' conventions (unit in the name, `_total` for counters).

mod database;
mod names;
mod requests;
mod security;
mod series;
mod state;

use std::fmt;
use std::sync::Arc;

pub use database::{Database, Statement};
pub use requests::{Http, InFlight};
pub use security::{DeliveryEnd, MailEnd, Method, Outcome, Reset};
pub use state::{KeyState, Waiting};

use metrics_exporter_prometheus::PrometheusHandle;
use series::Series;

/// The metrics of one service. No global recorder: two services in one process count apart. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    series: Series,
    handle: PrometheusHandle,
    http: Http,
    database: Database,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let recorder = names::recorder();
        let handle = recorder.handle();
        let series = Series::new(recorder);
        let (http, database) = (Http::new(&series), Database::new(&series));
        let metrics = Self(Arc::new(Inner { series, handle, http, database }));
        metrics.begin_at_zero();
        metrics
    }
}

impl Metrics {
    /// Requests.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.0.http
    }

    /// Statements and transactions.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// All of them as text.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.handle.render()
    }

    /// Puts what histograms have gathered into their buckets: samples are kept one by one until somebody scrapes, and perhaps nobody does.
    pub fn settle(&self) {
        self.0.handle.run_upkeep();
    }

    fn series(&self) -> &Series {
        &self.0.series
    }
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
        metrics.connections(3);
        metrics.hashing(1, 2);
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

    #[test]
    fn names_follow_the_conventions_and_have_help() {
        let metrics = Metrics::default();
        metrics.limited("pages");
        metrics.request(Some("/login"), &http::Method::GET, Some(200), std::time::Duration::from_millis(3));
        let text = metrics.render();
        for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
            let (name, kind) = line.trim_start_matches("# TYPE ").split_once(' ').unwrap();
            assert!(name.starts_with("vestibule_"), "{name}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(kind != "histogram" || name.ends_with("_seconds"), "{line}");
            assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        }
    }
}
