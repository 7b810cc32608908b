//! What is measured when somebody asks: queues, pools, keys.

use std::time::Duration;

use metrics::Label;

use super::Metrics;
use super::names::{
    AUDIT_OLDEST, AUDIT_WAITING, BUILD, CERTIFICATE_FROM, CERTIFICATE_UNTIL, CONNECTIONS, DATABASE_UP, DECLARED, DECLARED_DIRECTORY,
    DECLARED_SUCCESS, EDGE_ADDRESSES, EXPORT_FAILING, HASHES, KEY_AGE, KEY_ROTATES, KEYS, LOGOUTS_OLDEST, LOGOUTS_WAITING, MAILS_OLDEST,
    MAILS_WAITING, POOL, POOL_MAX, READY, RELOADED, RELOADED_AT, SCHEMA, STARTED, WRITES_WAITING,
};
use super::series::number;

/// Something that waits in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub rows: u64,
    /// Of the oldest; zero when there is none.
    pub age: Duration,
}

/// The signing keys of one algorithm in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyState {
    pub algorithm: &'static str,
    pub state: &'static str,
    pub keys: usize,
    /// Of the newest, in seconds; none: there is none.
    pub age: Option<i64>,
}

impl Metrics {
    pub fn connections(&self, open: usize) {
        self.series().gauge(CONNECTIONS, &[]).set(number(open));
    }

    pub fn limited_addresses(&self, remembered: usize) {
        self.series().gauge(EDGE_ADDRESSES, &[]).set(number(remembered));
    }

    pub fn hashing(&self, waiting: usize, running: usize) {
        self.series().gauge(HASHES, &[("state", "waiting")]).set(number(waiting));
        self.series().gauge(HASHES, &[("state", "running")]).set(number(running));
    }

    /// Connections in use, idle, and how many there may be; writes that wait, where there is one writer.
    pub fn pool(&self, (in_use, idle, most): (usize, usize, usize), writes_waiting: Option<usize>) {
        self.series().gauge(POOL, &[("state", "in_use")]).set(number(in_use));
        self.series().gauge(POOL, &[("state", "idle")]).set(number(idle));
        self.series().gauge(POOL_MAX, &[]).set(number(most));
        self.series().gauge(WRITES_WAITING, &[]).set(number(writes_waiting.unwrap_or_default()));
    }

    pub fn health(&self, database_up: bool, ready: bool) {
        self.series().gauge(DATABASE_UP, &[]).set(f64::from(u8::from(database_up)));
        self.series().gauge(READY, &[]).set(f64::from(u8::from(ready)));
    }

    /// Said of a process that does not serve yet.
    pub fn not_ready(&self) {
        self.series().gauge(READY, &[]).set(0.0);
    }

    /// What the database schema is to this program, of all the `states` it may be in.
    pub fn schema(&self, states: &[(&'static str, bool)]) {
        for (state, holds) in states {
            self.series().gauge(SCHEMA, &[("state", *state)]).set(f64::from(u8::from(*holds)));
        }
    }

    /// Mails, logouts and audit events that wait. Nothing is said of them while the database does not answer: the last word stays.
    pub fn waiting(&self, mails: Waiting, logouts: Waiting, audit: Waiting) {
        for (rows, oldest, waiting) in
            [(MAILS_WAITING, MAILS_OLDEST, mails), (LOGOUTS_WAITING, LOGOUTS_OLDEST, logouts), (AUDIT_WAITING, AUDIT_OLDEST, audit)]
        {
            self.series().gauge(rows, &[]).set(number(waiting.rows));
            self.series().gauge(oldest, &[]).set(waiting.age.as_secs_f64());
        }
    }

    pub fn signing_keys(&self, state: KeyState) {
        let labels = [("algorithm", state.algorithm), ("state", state.state)];
        self.series().gauge(KEYS, &labels).set(number(state.keys));
        // The age of no key is no number.
        self.series().gauge(KEY_AGE, &labels).set(state.age.map_or(f64::NAN, seconds));
    }

    /// Seconds until the signing key of an algorithm is to be replaced.
    pub fn key_rotates(&self, algorithm: &'static str, due_in: i64) {
        self.series().gauge(KEY_ROTATES, &[("algorithm", algorithm)]).set(seconds(due_in));
    }

    /// Whether the last spans could be handed over; never said where there is no collector.
    pub fn trace_export(&self, failing: bool) {
        self.series().gauge(EXPORT_FAILING, &[]).set(f64::from(u8::from(failing)));
    }

    /// From when to when the TLS certificate holds that is served, as Unix time in seconds; never said where none is.
    pub fn certificate(&self, not_before: i64, not_after: i64) {
        self.series().gauge(CERTIFICATE_FROM, &[]).set(seconds(not_before));
        self.series().gauge(CERTIFICATE_UNTIL, &[]).set(seconds(not_after));
    }

    /// Settings, secrets or certificates were read again at this second; whether all of them could be used.
    pub fn reloaded(&self, used: bool, at: i64) {
        self.series().gauge(RELOADED, &[]).set(f64::from(u8::from(used)));
        if used {
            self.series().gauge(RELOADED_AT, &[]).set(seconds(at));
        }
    }

    /// How many declared objects are in each state.
    pub fn declared(&self, counts: &[(&'static str, usize)]) {
        for (state, count) in counts {
            self.series().gauge(DECLARED, &[("state", *state)]).set(number(*count));
        }
    }

    /// What the declared directory is, of all the `states` it may have; `success`: seconds since 1970, when all was as declared.
    pub fn declared_directory(&self, states: &[(&'static str, bool)], success: Option<i64>) {
        for (state, holds) in states {
            self.series().gauge(DECLARED_DIRECTORY, &[("state", *state)]).set(f64::from(u8::from(*holds)));
        }
        if let Some(at) = success {
            self.series().gauge(DECLARED_SUCCESS, &[]).set(seconds(at));
        }
    }

    /// Once, at the start. `at`: Unix time in seconds.
    pub fn started(&self, at: i64, database: &'static str) {
        self.series().gauge(STARTED, &[]).set(seconds(at));
        let version = Label::from_static_parts("version", env!("CARGO_PKG_VERSION"));
        self.series().set(BUILD, vec![version, Label::from_static_parts("database", database)], 1.0);
    }
}

#[expect(clippy::cast_precision_loss, reason = "times of less than 2^52 seconds are exact")]
fn seconds(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_shown_with_its_age_and_a_key_that_is_overdue_below_zero() {
        let metrics = Metrics::default();
        metrics.waiting(Waiting { rows: 3, age: Duration::from_millis(1500) }, Waiting::default(), Waiting::default());
        metrics.key_rotates("ES256", -30);
        metrics.pool((3, 1, 10), None);
        let text = metrics.render();
        for line in [
            "vestibule_mails_waiting 3",
            "vestibule_mails_oldest_waiting_seconds 1.5",
            "vestibule_logout_deliveries_waiting 0",
            "vestibule_signing_key_rotates_in_seconds{algorithm=\"ES256\"} -30",
            "vestibule_database_pool_connections{state=\"in_use\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
