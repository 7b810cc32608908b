//! Leases, so that one replica at a time does a job.

use std::time::Duration;

use super::{Conn, Result};
use crate::clock::Timestamp;

/// Takes or prolongs the lease `name` for `holder`, in one statement. Whether `holder` has it now.
pub async fn redeem(conn: &Conn<'_>, name: &str, holder: &str, now: Timestamp, lease: Duration) -> Result<bool> {
    todo!()
}
