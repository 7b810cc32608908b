//! Connecting, reading and writing.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::ConnectOptions;

use super::conn::Counts;
use super::error::{Error, Result};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{BoxFuture, Conn, MigrationStatus, SchemaState, migrate};
use crate::config;

/// A statement that takes longer is worth a line in the log.
const SLOW_STATEMENT: Duration = Duration::from_secs(1);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    counts: Arc<Counts>,
}

pub(super) enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Connects to SQLite or PostgreSQL. Creates the SQLite file and its directory (mode 0700) when missing. Does not migrate.
    ///
    /// # Errors
    /// When the URL is not understood or the database cannot be reached.
    pub async fn connect(config: &config::Database) -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let backend = match scheme_of(config.url.expose()) {
            Some("sqlite") => Backend::Sqlite(Sqlite::open(config, Arc::clone(&counts)).await?),
            Some("postgres" | "postgresql") => Backend::Postgres(Postgres::open(config).await?),
            // The URL may hold a password: it is not repeated.
            _ => {
                return Err(Error::Database(
                    "database.url must look like sqlite://path/to/file.db or postgres://user@host/name".to_owned(),
                ));
            }
        };
        Ok(Self { backend: Arc::new(backend), counts })
    }

    /// For statements that only read.
    pub fn read(&self) -> Conn<'_> {
        let connection = match &*self.backend {
            Backend::Sqlite(sqlite) => &sqlite.readers,
            Backend::Postgres(postgres) => &postgres.pool,
        };
        Conn::new(connection, &self.counts)
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
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.writer.run(job).await,
            Backend::Postgres(postgres) => postgres.write(job, Arc::clone(&self.counts)).await,
        }
    }

    /// For exactly one conditional statement: no transaction around it on PostgreSQL, grouped with others on SQLite.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub async fn write_one<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.writer.run(job).await,
            Backend::Postgres(postgres) => match job(&Conn::new(&postgres.pool, &self.counts)).await {
                Err(error) if error.is_contention() => job(&Conn::new(&postgres.pool, &self.counts)).await,
                outcome => outcome,
            },
        }
    }

    /// Brings the schema up to date under a lock; refuses to touch a schema newer than this program. The names of the migrations applied.
    pub async fn migrate_up(&self) -> Result<Vec<String>> {
        migrate::up(&self.backend).await
    }

    /// Takes back the newest `steps` migrations. Their names, newest first.
    pub async fn migrate_down(&self, steps: u32) -> Result<Vec<String>> {
        migrate::down(&self.backend, steps).await
    }

    pub async fn migration_status(&self) -> Result<MigrationStatus> {
        migrate::status(&self.read()).await
    }

    /// One cheap read: is the database there, and does its schema fit?
    pub async fn check(&self) -> Result<SchemaState> {
        Ok(migrate::status(&self.read()).await?.state())
    }

    /// Statements executed so far by this process, for the statement-budget test: `(reads, writes)`.
    pub fn statement_counts(&self) -> (u64, u64) {
        self.counts.both()
    }

    /// Closes all connections, after the writes that are under way.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close().await,
        }
    }
}

fn scheme_of(url: &str) -> Option<&str> {
    url::Url::parse(url).ok()?;
    url.split_once(':').map(|(scheme, _)| scheme)
}

/// What both databases have in common. Statements are not logged, for their values are people's data; slow ones are, without values.
pub(super) fn common_options(config: &config::Database) -> ConnectOptions {
    let mut options = ConnectOptions::new(config.url.expose());
    options.acquire_timeout(config.acquire_timeout.0).record_stmt_in_spans(false).test_before_acquire(false);
    match ("off".parse(), "warn".parse()) {
        (Ok(off), Ok(warn)) => options.sqlx_logging_level(off).sqlx_slow_statements_logging_settings(warn, SLOW_STATEMENT),
        _ => options.sqlx_logging(false),
    };
    options
}
