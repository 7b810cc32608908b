//! Connecting, reading and writing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::ConnectOptions;

use super::conn::Counts;
use super::error::{Error, Result};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{BoxFuture, Conn, MigrationStatus, SchemaState, migrate};
use crate::config;
use crate::telemetry::SPANS;

/// What came of an address that was given anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The same database: new connections use the user name and password in it.
    Here,
    /// Another database: nothing was changed.
    Elsewhere,
}

/// A statement that takes longer is worth a line in the log.
const SLOW_STATEMENT: Duration = Duration::from_secs(1);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    pub(super) counts: Arc<Counts>,
}

pub(super) enum Backend {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
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
            Some("postgres" | "postgresql") => Backend::Postgres(Box::new(Postgres::open(config).await?)),
            // The URL may hold a password: it is not repeated.
            _ => {
                return Err(Error::Database(
                    "database.url must look like sqlite://path/to/file.db or postgres://user@host/name".to_owned(),
                ));
            }
        };
        Ok(Self { backend: Arc::new(backend), counts })
    }

    /// Uses the user name and password of the URL for connections that are opened from now on; those that are open go on. They are tried first.
    ///
    /// # Errors
    /// When nobody is let in with them, or the database is away: then nothing was changed.
    pub async fn renew_credentials(&self, config: &config::Database) -> Result<Renewal> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => Ok(sqlite.compare(config)),
            Backend::Postgres(postgres) => postgres.renew_credentials(config).await,
        }
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
    /// a job may run more than once and must do nothing but statements; what else it wants goes to [`Conn::after_commit`]. The job runs to its
    /// end even if the caller goes away.
    ///
    /// # Errors
    /// The job's own, or the database's.
    pub async fn write<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        self.measured(async {
            match &*self.backend {
                Backend::Sqlite(sqlite) => sqlite.writer.run(job).await,
                Backend::Postgres(postgres) => postgres.write(job, Arc::clone(&self.counts)).await,
            }
        })
        .await
    }

    pub(super) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// A write in a span of its own, with its time and its failure counted.
    async fn measured<T>(&self, write: impl Future<Output = Result<T>>) -> Result<T> {
        let begun = Instant::now();
        // Not entered: what is logged on the way, in whatever task, is the request's.
        let span = tracing::trace_span!(target: SPANS, "database write", otel.kind = "client");
        let outcome = write.await;
        drop(span);
        if let Some(metrics) = self.counts.metrics.get() {
            metrics.database().write(begun.elapsed());
            match &outcome {
                Err(Error::Unavailable(_)) => metrics.database().failed(true),
                Err(Error::Database(_) | Error::Inconsistent { .. }) => metrics.database().failed(false),
                Ok(_) | Err(Error::Conflict | Error::NotFound(_)) => {}
            }
        }
        outcome
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
        self.measured(async {
            match &*self.backend {
                Backend::Sqlite(sqlite) => sqlite.writer.run(job).await,
                Backend::Postgres(postgres) => postgres.write_one(job, &self.counts).await,
            }
        })
        .await
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

    /// For the fault ladder, in debug builds only: lets the `n`-th statement from now fail, commits counted along, as if the database had gone away
    /// before it. 0: none.
    #[cfg(debug_assertions)]
    pub fn fail_statement(&self, n: u64) {
        self.counts.fail(n);
    }

    /// In debug builds only: lets the answer to the `n`-th commit from now be lost, as if the database had gone away right after it.
    #[cfg(debug_assertions)]
    pub fn lose_commit(&self, n: u64) {
        self.counts.lose(n);
    }

    /// How many statements are left until the one that fails; 0: it has failed, or none was to.
    #[cfg(debug_assertions)]
    pub fn until_fault(&self) -> u64 {
        self.counts.until_fault()
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
    let (scheme, _) = url.split_once(':')?;
    (scheme == "sqlite" || url::Url::parse(url).is_ok()).then_some(scheme)
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::testing::{NOW, TestDatabase, event, user};
    use super::super::{audit_events, settings, users};
    use super::*;
    use crate::secret::Secret;

    async fn refusal(url: &str) -> String {
        let config = config::Database { url: Secret::new(url.to_owned()), ..config::Database::default() };
        Store::connect(&config).await.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn the_file_and_its_directory_are_closed_to_others() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&database.file()), 0o600);
        assert_eq!(mode(database.file().parent().unwrap()), 0o700);
        let log = database.file().with_extension("db-wal");
        assert_eq!(mode(&log), 0o600);
        store.close().await;
        assert!(!log.exists(), "closing folds the write-ahead log into the file");
    }

    #[tokio::test]
    async fn a_database_in_memory_is_refused_with_the_reason() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite://x.db?mode=memory"] {
            assert!(refusal(url).await.contains("in memory"), "{url}");
        }
    }

    #[tokio::test]
    async fn an_url_that_is_not_understood_is_not_repeated() {
        for url in ["mysql://root:hunter2@localhost/x", "postgres//hunter2", "hunter2"] {
            let text = refusal(url).await;
            assert!(text.contains("database.url") && !text.contains("hunter2"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable() {
        let config = config::Database {
            url: Secret::new("postgres://nobody:hunter2@127.0.0.1:1/x".to_owned()),
            acquire_timeout: config::Span::secs(1),
            ..config::Database::default()
        };
        let error = Store::connect(&config).await.err().unwrap();
        assert!(matches!(error, Error::Unavailable(_)));
        assert!(!error.to_string().contains("hunter2"));
    }

    #[tokio::test]
    async fn readers_cannot_write_to_a_file() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        assert!(matches!(settings::update(&store.read(), "x", b"y").await, Err(Error::Unavailable(_))));
    }

    #[tokio::test]
    async fn an_error_takes_back_the_whole_transaction() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let ada = user("ada@example.org");
            assert!(matches!(
                store
                    .write(move |conn| {
                        let ada = ada.clone();
                        Box::pin(async move {
                            audit_events::insert(conn, &event("user.created")).await?;
                            users::insert(conn, &ada).await?;
                            users::insert(conn, &ada).await
                        })
                    })
                    .await,
                Err(Error::Conflict)
            ));
            assert!(audit_events::list(&store.read(), 10).await.unwrap().is_empty());
            assert!(users::list(&store.read()).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn statements_are_counted_by_what_they_do() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let before = store.statement_counts();
            users::find_by_email(&store.read(), "ada@example.org").await.unwrap();
            store
                .write(|conn| {
                    Box::pin(async move {
                        settings::insert_if_absent(conn, "a", b"1").await?;
                        users::insert(conn, &user("ada@example.org")).await
                    })
                })
                .await
                .unwrap();
            store.check().await.unwrap();
            let after = store.statement_counts();
            assert_eq!((after.0 - before.0, after.1 - before.1), (2, 2));
            assert!(users::list(&store.read()).await.unwrap().iter().all(|user| user.created_at == NOW));
        }
    }
}
