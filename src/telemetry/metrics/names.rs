//! Every metric: its name, what it is, and for histograms its buckets.

use metrics::{KeyName, Recorder as _};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

pub(super) const HTTP_DURATION: &str = "vestibule_http_request_duration_seconds";
pub(super) const HTTP_IN_FLIGHT: &str = "vestibule_http_requests_in_flight";
pub(super) const FORWARDED: &str = "vestibule_forwarded_requests_total";
pub(super) const CONNECTIONS: &str = "vestibule_connections";
pub(super) const CONNECTIONS_REFUSED: &str = "vestibule_connections_refused_total";
pub(super) const LIMITED: &str = "vestibule_limited_total";
pub(super) const EDGE_ADDRESSES: &str = "vestibule_limited_addresses";
pub(super) const BANNED: &str = "vestibule_banned_total";
pub(super) const SIGN_INS: &str = "vestibule_sign_ins_total";
pub(super) const RESETS: &str = "vestibule_password_resets_total";
pub(super) const TOKENS: &str = "vestibule_tokens_issued_total";
pub(super) const TOKENS_REFUSED: &str = "vestibule_token_requests_refused_total";
pub(super) const HASHES: &str = "vestibule_password_hashes";
pub(super) const HASHES_REFUSED: &str = "vestibule_password_hashes_refused_total";
pub(super) const HASH_DURATION: &str = "vestibule_password_hash_duration_seconds";
pub(super) const DATABASE_UP: &str = "vestibule_database_up";
pub(super) const STATEMENTS: &str = "vestibule_database_statement_duration_seconds";
pub(super) const WRITES: &str = "vestibule_database_write_duration_seconds";
pub(super) const DATABASE_ERRORS: &str = "vestibule_database_errors_total";
pub(super) const POOL: &str = "vestibule_database_pool_connections";
pub(super) const POOL_MAX: &str = "vestibule_database_pool_connections_max";
pub(super) const WRITES_WAITING: &str = "vestibule_database_writes_waiting";
pub(super) const MAILS: &str = "vestibule_mails_total";
pub(super) const MAILS_WAITING: &str = "vestibule_mails_waiting";
pub(super) const MAILS_OLDEST: &str = "vestibule_mails_oldest_waiting_seconds";
pub(super) const CLIENT_KEYS: &str = "vestibule_client_keys_fetched_total";
pub(super) const LOGOUTS: &str = "vestibule_logout_deliveries_total";
pub(super) const LOGOUTS_WAITING: &str = "vestibule_logout_deliveries_waiting";
pub(super) const LOGOUTS_OLDEST: &str = "vestibule_logout_deliveries_oldest_waiting_seconds";
pub(super) const AUDIT_WAITING: &str = "vestibule_audit_events_unsealed";
pub(super) const AUDIT_OLDEST: &str = "vestibule_audit_events_oldest_unsealed_seconds";
pub(super) const KEYS: &str = "vestibule_signing_keys";
pub(super) const KEY_AGE: &str = "vestibule_signing_key_age_seconds";
pub(super) const KEY_ROTATES: &str = "vestibule_signing_key_rotates_in_seconds";
pub(super) const READY: &str = "vestibule_ready";
pub(super) const SCHEMA: &str = "vestibule_schema";
pub(super) const BUILD: &str = "vestibule_build_info";
pub(super) const EXPORT_FAILING: &str = "vestibule_trace_export_failing";
pub(super) const DECLARED: &str = "vestibule_declared_objects";
pub(super) const DECLARED_DIRECTORY: &str = "vestibule_declared_directory";
pub(super) const DECLARED_SUCCESS: &str = "vestibule_declared_last_success_timestamp_seconds";
pub(super) const CERTIFICATE_FROM: &str = "vestibule_tls_certificate_not_before_timestamp_seconds";
pub(super) const CERTIFICATE_UNTIL: &str = "vestibule_tls_certificate_not_after_timestamp_seconds";
pub(super) const RELOADED: &str = "vestibule_last_reload_successful";
pub(super) const RELOADED_AT: &str = "vestibule_last_reload_success_timestamp_seconds";
pub(super) const STARTED: &str = "vestibule_start_time_seconds";

const COUNTERS: [(&str, &str); 13] = [
    (
        FORWARDED,
        "Requests with forwarding headers, by whether their peer is among server.trusted_proxies (untrusted: the headers were ignored).",
    ),
    (CONNECTIONS_REFUSED, "Connections closed because their address has too many."),
    (LIMITED, "Requests and tries refused by a limit."),
    (BANNED, "Requests refused because their address is banned."),
    (SIGN_INS, "Tries of a factor at sign-in, by method and outcome."),
    (RESETS, "Password resets, by how far they came."),
    (TOKENS, "Answers of the token endpoint with tokens, by grant type."),
    (TOKENS_REFUSED, "Answers of the token endpoint with an error, by error."),
    (HASHES_REFUSED, "Password hashes given up because the queue was full or the deadline over."),
    (DATABASE_ERRORS, "Reads and writes of the database that failed, by kind."),
    (MAILS, "Attempts to send a mail, by kind of mail and outcome."),
    (CLIENT_KEYS, "Fetches of the keys that clients publish, by outcome."),
    (LOGOUTS, "Attempts to tell an application of a logout, by outcome."),
];

const GAUGES: [(&str, &str); 29] = [
    (HTTP_IN_FLIGHT, "Requests being answered."),
    (CONNECTIONS, "Open connections."),
    (EDGE_ADDRESSES, "Addresses the limiters of this process remember."),
    (HASHES, "Password hashes, waiting and running."),
    (DATABASE_UP, "Whether the database answered when this was scraped, or a few seconds before."),
    (POOL, "Connections of the pool, in use and idle (SQLite: those that read)."),
    (POOL_MAX, "database.max_connections."),
    (WRITES_WAITING, "Writes that wait for the one writer of SQLite."),
    (MAILS_WAITING, "Mails in the outbox that are still to be sent."),
    (MAILS_OLDEST, "Age of the oldest of them."),
    (LOGOUTS_WAITING, "Logouts that applications are still to be told of."),
    (LOGOUTS_OLDEST, "Age of the oldest of them."),
    (AUDIT_WAITING, "Audit events that are not sealed into the chain yet."),
    (AUDIT_OLDEST, "Age of the oldest of them."),
    (KEYS, "Signing keys, by algorithm and state."),
    (KEY_AGE, "Age of the newest key in this state."),
    (KEY_ROTATES, "Seconds until the key that signs is to be replaced; below zero: overdue."),
    (READY, "Whether this replica says it is ready."),
    (SCHEMA, "What the database schema is to this program: 1 for the state it is in."),
    (BUILD, "1, with the version of this program and its kind of database."),
    (STARTED, "When this process started, as Unix time."),
    (EXPORT_FAILING, "Whether the last spans could not be handed to the trace collector."),
    (DECLARED, "Objects of the declared directory by state; documents that cannot be used are errors."),
    (DECLARED_DIRECTORY, "Whether the directory this process sees is the one in force, an old one, or lost."),
    (CERTIFICATE_FROM, "From when the TLS certificate holds that this process serves."),
    (CERTIFICATE_UNTIL, "When it expires."),
    (RELOADED, "Whether the settings, secrets and certificates that changed last could be used."),
    (RELOADED_AT, "When settings, secrets or certificates were last read again with success."),
    (DECLARED_SUCCESS, "When this process last found or brought everything about that its directory declares."),
];

const HISTOGRAMS: [(&str, &str, &[f64]); 4] = [
    (
        HTTP_DURATION,
        "Time to answer a request, by route, method and class of status (none: the client went away).",
        &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0],
    ),
    (HASH_DURATION, "Time a password hash waited for a thread, and ran.", &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]),
    (STATEMENTS, "Time of one statement, with the wait for a connection where it needs one.", DATABASE_BUCKETS),
    (WRITES, "Time of one write from asking to the commit, with every wait.", DATABASE_BUCKETS),
];

const DATABASE_BUCKETS: &[f64] = &[0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// A recorder that knows all of them.
pub(super) fn recorder() -> PrometheusRecorder {
    let mut builder = PrometheusBuilder::new();
    for (name, _, buckets) in HISTOGRAMS {
        builder = match builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets) {
            Ok(builder) => builder,
            // Only for no buckets at all.
            Err(_) => PrometheusBuilder::new(),
        };
    }
    let recorder = builder.build_recorder();
    for (name, text) in COUNTERS {
        recorder.describe_counter(KeyName::from_const_str(name), None, text.into());
    }
    for (name, text) in GAUGES {
        recorder.describe_gauge(KeyName::from_const_str(name), None, text.into());
    }
    for (name, text, _) in HISTOGRAMS {
        recorder.describe_histogram(KeyName::from_const_str(name), None, text.into());
    }
    recorder
}
