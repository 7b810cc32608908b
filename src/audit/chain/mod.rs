//! The audit chain: what was committed is sealed in batches, each of which names the hash of the one before and carries a signed checkpoint.
//!
//! No act waits for another's hash: events are sealed afterwards, and an event that commits late is sealed late, never left out. What may be
//! personal in an event is covered by a salted digest, so that it can be erased while its place in the chain stays proven
//! ([decision 0017](../../../docs/decisions/0017-audit-chain.md)).

mod canonical;
mod checkpoint;
mod database;
mod export;
mod import;
mod record;
mod retention;
mod seal;
mod statement;
mod verify;

#[cfg(test)]
mod tests;

pub use database::verify as verify_database;
pub use export::export;
pub use import::verify as verify_file;
pub use retention::remove_old;
pub use seal::seal;
pub use statement::Statement;
pub use verify::{Head, Report};

/// Events in one batch: what one transaction does at most.
const BATCH: u64 = 200;

/// The least that `audit.retention` may be: people see the activity of ninety days.
pub const LEAST_RETENTION: std::time::Duration = crate::config::LEAST_AUDIT_RETENTION;
