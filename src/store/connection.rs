//! Connecting, reading and writing.

use super::error::Result;
use super::{BoxFuture, MigrationStatus, SchemaState};
use crate::config;

/// Something statements run on: the database itself, or a transaction.
pub struct Conn<'c> {
    pub(super) executor: sea_orm::DatabaseExecutor<'c>,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Connects to SQLite or PostgreSQL. Creates the SQLite file and its directory (mode 0700) when missing. Does not migrate.
    ///
    /// # Errors
    /// When the URL is not understood or the database cannot be reached.
    pub async fn connect(config: &config::Database) -> Result<Self> {
        todo!()
    }

    /// For statements that only read.
    pub fn read(&self) -> Conn<'_> {
        todo!()
    }

    /// Runs `job` in one transaction and answers after the commit; an `Err` from the job rolls back everything the job did.
    /// On SQLite concurrent jobs share a transaction; when one of them fails, all are rolled back and run again one by one, so
    /// a job may run more than once and must do nothing but statements. The job runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// The job's own, or the database's.
    pub async fn write<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        todo!()
    }

    /// For exactly one conditional statement: no transaction around it on PostgreSQL, grouped with others on SQLite.
    pub async fn write_one<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        todo!()
    }

    /// Brings the schema up to date under a lock; refuses to touch a schema newer than this program.
    pub async fn migrate_up(&self) -> Result<Vec<String>> {
        todo!()
    }

    /// Takes back the newest `steps` migrations.
    pub async fn migrate_down(&self, steps: u32) -> Result<Vec<String>> {
        todo!()
    }

    pub async fn migration_status(&self) -> Result<MigrationStatus> {
        todo!()
    }

    /// One cheap read: is the database there, and does its schema fit?
    pub async fn check(&self) -> Result<SchemaState> {
        todo!()
    }

    /// Statements executed so far by this process, for the statement-budget test: `(reads, writes)`.
    pub fn statement_counts(&self) -> (u64, u64) {
        todo!()
    }

    /// Closes all connections.
    pub async fn close(&self) {
        todo!()
    }
}
