//! Audit: typed security events, each one log line and one row in the transaction of the act.
//!
//! Owns: [`Event`]; the only writer of the audit table; the [`chain`] that makes it provable. Must not: fail an act for the sake of a log line, or contain secrets.
//! OWASP ASVS 5 §16.3.

pub mod chain;
mod event;
mod keys;

pub use event::{Event, Kind, Origin};
pub use keys::KeyEvents;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::store::audit_events::{self, AuditEvent};
use crate::store::{self, Conn};

/// The detail in which every event of a browser says which one it was.
pub const DEVICE: &str = "device";

/// Inserts the row, and leaves the log line for after the commit: an act that is rolled back has neither, and one that is run again has one of
/// each, with the same id. Call it in the transaction of the act, last.
///
/// # Errors
/// The store's: an act that cannot be recorded does not happen.
pub async fn record(conn: &Conn<'_>, event: &Event, now: Timestamp) -> store::Result<()> {
    let row = row(conn.event_id(now), event, now);
    audit_events::insert(conn, &row).await?;
    // The commit may be many requests' together: the line is this one's.
    let span = tracing::Span::current();
    conn.after_commit(move || span.in_scope(|| log(&row)));
    Ok(())
}

fn row(id: Uuid, event: &Event, now: Timestamp) -> AuditEvent {
    let mut detail = event.detail.clone();
    if let Some(device) = &event.origin.device {
        detail.insert(DEVICE.to_owned(), device.clone().into());
    }
    AuditEvent {
        id,
        at: now,
        kind: event.kind.as_str().to_owned(),
        user_id: event.user_id,
        client_id: event.client_id.clone(),
        session_id: event.session_id,
        grant_id: event.grant_id,
        address: event.origin.address.map(|address| address.to_canonical().to_string()),
        request_id: event.origin.request_id.clone(),
        detail: serde_json::Value::Object(detail).to_string(),
    }
}

fn log(row: &AuditEvent) {
    tracing::info!(
        target: "audit",
        id = %row.id,
        event = row.kind,
        user_id = row.user_id.map(display),
        client_id = row.client_id,
        session_id = row.session_id.map(display),
        grant_id = row.grant_id.map(display),
        address = row.address,
        request_id = row.request_id,
        detail = row.detail,
    );
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::config;
    use crate::secret;
    use crate::store::Store;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// The ids of the lines about acts, in their order.
        fn ids(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let lines = text.lines().filter(|line| line.contains(" audit: "));
            lines.map(|line| line.split(" id=").nth(1).unwrap().split(' ').next().unwrap().to_owned()).collect()
        }
    }

    async fn temporary() -> (Store, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let url = secret::Secret::new(format!("sqlite://{}", directory.path().join("audit.db").display()));
        let store = Store::connect(&config::Database { url, ..config::Database::default() }).await.unwrap();
        store.migrate_up().await.unwrap();
        (store, directory)
    }

    async fn act(store: &Store, kind: Kind, fails: bool) -> store::Result<()> {
        store
            .write(move |conn| {
                Box::pin(async move {
                    record(conn, &Event::new(kind, &Origin::default()), Timestamp::from_secs(7)).await?;
                    if fails { Err(store::Error::Conflict) } else { Ok(()) }
                })
            })
            .await
    }

    #[tokio::test]
    async fn every_committed_event_has_one_line_and_no_other_has_any() {
        let (store, _directory) = temporary().await;
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let listening = tracing::subscriber::set_default(subscriber);
        // All at once, so that they share a transaction, which those that fail spoil for the others.
        let acts = (0..24).map(|number| match number % 6 {
            0 => act(&store, Kind::UserCreated, true),
            _ => act(&store, Kind::SignInFailed, false),
        });
        let outcomes = futures_util::future::join_all(acts).await;
        drop(listening);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 20);
        let rows = audit_events::list(&store.read(), 100).await.unwrap();
        assert!(rows.iter().all(|row| row.kind == "sign_in.failed"));
        let mut committed: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let mut logged = lines.ids();
        committed.sort();
        logged.sort();
        assert_eq!(logged, committed);
    }

    #[tokio::test]
    async fn what_happens_in_one_millisecond_is_listed_in_its_order() {
        let (store, _directory) = temporary().await;
        let kinds = [Kind::ClientCreated, Kind::ClientUpdated, Kind::ClientSecretRotated, Kind::ClientRemoved];
        for _ in 0..8 {
            for kind in kinds {
                act(&store, kind, false).await.unwrap();
            }
        }
        let rows = audit_events::list(&store.read(), 100).await.unwrap();
        assert_eq!(rows.len(), 32);
        for (row, kind) in rows.iter().rev().zip(kinds.iter().cycle()) {
            assert_eq!(row.kind, kind.as_str());
        }
    }

    #[test]
    fn a_row_says_what_the_event_says() {
        let origin =
            Origin { address: Some("::ffff:192.0.2.7".parse::<IpAddr>().unwrap()), request_id: Some("r-1".to_owned()), device: None };
        let user = secret::random_id();
        let event = Event::new(Kind::SignInFailed, &origin).user(user).client("autotalk").detail("reason", "wrong_password");
        let row = row(secret::random_id(), &event, Timestamp::from_secs(7));
        assert_eq!(row.kind, "sign_in.failed");
        assert_eq!((row.user_id, row.client_id.as_deref()), (Some(user), Some("autotalk")));
        assert_eq!(row.address.as_deref(), Some("192.0.2.7"));
        assert_eq!(row.request_id.as_deref(), Some("r-1"));
        assert_eq!(row.detail, r#"{"reason":"wrong_password"}"#);
        assert_eq!(row.at, Timestamp::from_secs(7));
    }

    #[test]
    fn an_event_without_details_has_an_empty_object() {
        assert_eq!(row(secret::random_id(), &Event::new(Kind::KeyRotated, &Origin::default()), Timestamp::default()).detail, "{}");
    }
}
