//! Audit: typed security events, each one log line and one row in the transaction of the act.
//!
//! Owns: [`Event`]; the only writer of the audit table. Must not: fail an act for the sake of a log line, or contain secrets.
//! OWASP ASVS 5 §16.3.

mod event;

pub use event::{Event, Kind, Origin};

use crate::clock::Timestamp;
use crate::secret;
use crate::store::audit_events::{self, AuditEvent};
use crate::store::{self, Conn};

/// Inserts the row and writes the log line. Call it in the transaction of the act, last.
///
/// # Errors
/// The store's: an act that cannot be recorded does not happen.
pub async fn record(conn: &Conn<'_>, event: &Event, now: Timestamp) -> store::Result<()> {
    let row = row(event, now);
    audit_events::insert(conn, &row).await?;
    log(&row);
    Ok(())
}

fn row(event: &Event, now: Timestamp) -> AuditEvent {
    AuditEvent {
        id: secret::id(now),
        at: now,
        kind: event.kind.as_str().to_owned(),
        user_id: event.user_id,
        client_id: event.client_id.clone(),
        session_id: event.session_id,
        grant_id: event.grant_id,
        address: event.origin.address.map(|address| address.to_canonical().to_string()),
        request_id: event.origin.request_id.clone(),
        detail: serde_json::Value::Object(event.detail.clone()).to_string(),
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

    use super::*;

    #[test]
    fn a_row_says_what_the_event_says() {
        let origin = Origin { address: Some("::ffff:192.0.2.7".parse::<IpAddr>().unwrap()), request_id: Some("r-1".to_owned()) };
        let user = secret::random_id();
        let event = Event::new(Kind::SignInFailed, &origin).user(user).client("autotalk").detail("reason", "wrong_password");
        let row = row(&event, Timestamp::from_secs(7));
        assert_eq!(row.kind, "sign_in.failed");
        assert_eq!((row.user_id, row.client_id.as_deref()), (Some(user), Some("autotalk")));
        assert_eq!(row.address.as_deref(), Some("192.0.2.7"));
        assert_eq!(row.request_id.as_deref(), Some("r-1"));
        assert_eq!(row.detail, r#"{"reason":"wrong_password"}"#);
        assert_eq!(row.at, Timestamp::from_secs(7));
    }

    #[test]
    fn an_event_without_details_has_an_empty_object() {
        assert_eq!(row(&Event::new(Kind::KeyRotated, &Origin::default()), Timestamp::default()).detail, "{}");
    }
}
