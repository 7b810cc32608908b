//! Backup and restore of the embedded database.
//!
//! Owns: the format of a backup, how one is made while the service runs and writes, how it is checked and put in the database's place, and what has to end
//! when a database goes back in time. Must not: know what is in the tables ([`crate::store::restored`] does), or back up PostgreSQL, which has its own tools.
//! Decision 0021.

mod error;
mod finish;
mod format;
mod header;
mod make;
mod place;
mod restore;

pub use error::Error;
pub use finish::finish;
pub use header::Header;
pub use make::{Made, Target, make};
pub use restore::{Restored, restore};
