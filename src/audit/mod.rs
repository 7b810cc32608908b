//! Audit: typed security events, each one log line and one row in the transaction of the act.
//!
//! Owns: [`Event`]; the only writer of the audit table. Must not: fail an act for the sake of a log line, or contain secrets.

mod event;

pub use event::{Event, Kind, Origin};

use crate::clock::Timestamp;
use crate::store::{self, Conn};

/// Inserts the row and writes the log line. Call it in the transaction of the act, last.
///
/// # Errors
/// The store's: an act that cannot be recorded does not happen.
pub async fn record(conn: &Conn<'_>, event: &Event, now: Timestamp) -> store::Result<()> {
    todo!()
}
