//! PostgreSQL: a pool, and transactions that run to their end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait as _};
use tracing::Instrument as _;

use super::conn::{Counts, committed};
use super::connection::Renewal;
use super::error::{Error, Result};
use super::{BoxFuture, Conn, refusal};
use crate::config;

/// A pooled connection that rested longer is asked whether it still lives; one in steady use is not, which saves a round trip per request.
const PING_AFTER: Duration = Duration::from_secs(10);

fn options(config: &config::Database) -> ConnectOptions {
    let mut options = super::connection::common_options(config);
    options
        .max_connections(config.max_connections.max(1))
        .set_application_name("vestibule")
        .statement_timeout(config.statement_timeout.0)
        .test_before_acquire_if_idle_for(PING_AFTER)
        .map_sqlx_postgres_opts(|postgres| postgres.statement_cache_capacity(256));
    options
}

/// A pool of connections.
pub(super) struct Postgres {
    pub(super) pool: DatabaseConnection,
    options: Mutex<ConnectOptions>,
}

impl Postgres {
    pub(super) async fn open(config: &config::Database) -> Result<Self> {
        let options = options(config);
        let pool = Database::connect(options.clone()).await?;
        warn_if_not_durable(&pool).await?;
        Ok(Self { pool, options: Mutex::new(options) })
    }

    /// A connection with the new ones shows that they are good, and has the options that the pool needs.
    pub(super) async fn renew_credentials(&self, config: &config::Database) -> Result<Renewal> {
        let wanted: PgConnectOptions = config.url.expose().parse().map_err(|_| Error::Database("the URL is not understood".to_owned()))?;
        let pool = self.pool.get_postgres_connection_pool();
        let present = pool.connect_options();
        let place = |options: &PgConnectOptions| {
            let (host, database) = (options.get_host().to_owned(), options.get_database().map(str::to_owned));
            (host, options.get_port(), options.get_socket().cloned(), database)
        };
        if place(&present) != place(&wanted) {
            return Ok(Renewal::Elsewhere);
        }
        let options = options(&config::Database { max_connections: 1, ..config.clone() });
        if self.lock().get_url() == options.get_url() {
            return Ok(Renewal::Here);
        }
        let trial = Database::connect(options.clone()).await?;
        pool.set_connect_options(PgConnectOptions::clone(&trial.get_postgres_connection_pool().connect_options()));
        *self.lock() = options;
        let _ = trial.close().await;
        Ok(Renewal::Here)
    }

    fn lock(&self) -> MutexGuard<'_, ConnectOptions> {
        self.options.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection of its own without a statement timeout: for migrations, which wait for their lock and may take long.
    pub(super) async fn dedicated(&self) -> Result<DatabaseConnection> {
        let mut options = self.lock().clone();
        options.max_connections(1).idle_timeout(None).max_lifetime(None).statement_timeout(Duration::ZERO);
        Ok(Database::connect(options).await?)
    }

    /// One transaction, in a task of its own: a caller that goes away cannot cut it. Tried again once when it collided with another.
    pub(super) async fn write<T, F>(&self, job: F, counts: Arc<Counts>) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        let pool = self.pool.clone();
        let work = async move {
            match transact(&pool, &counts, &job).await {
                Err(error) if error.is_contention() => transact(&pool, &counts, &job).await,
                outcome => outcome,
            }
        };
        let task = tokio::spawn(work.in_current_span());
        task.await.unwrap_or_else(|error| {
            let text = if error.is_panic() { "a write job panicked" } else { "the service is stopping" };
            Err(if error.is_panic() { Error::Database(text.to_owned()) } else { Error::Unavailable(text.to_owned()) })
        })
    }

    /// Without a transaction, for one statement. Tried again once when it collided with another.
    pub(super) async fn write_one<T, F>(&self, job: F, counts: &Counts) -> Result<T>
    where
        F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>>,
    {
        match without_transaction(&self.pool, counts, &job).await {
            Err(error) if error.is_contention() => without_transaction(&self.pool, counts, &job).await,
            outcome => outcome,
        }
    }

    pub(super) async fn close(&self) {
        let _ = self.pool.close_by_ref().await;
    }
}

async fn transact<T, F>(pool: &DatabaseConnection, counts: &Counts, job: &F) -> Result<T>
where
    F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>>,
{
    let transaction = refusal::waited_out(|| pool.begin()).await?;
    let conn = Conn::new(&transaction, counts);
    let outcome = job(&conn).await.and_then(|made| counts.fault().map(|()| made).map_err(Error::from));
    let after = conn.into_after_commit();
    if outcome.is_ok() {
        transaction.commit().await?;
        counts.lost()?;
        committed(after);
    } else if let Err(error) = transaction.rollback().await {
        tracing::warn!(%error, "rolling back");
    }
    outcome
}

async fn without_transaction<T, F>(pool: &DatabaseConnection, counts: &Counts, job: &F) -> Result<T>
where
    F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>>,
{
    let conn = Conn::new(pool, counts);
    let made = job(&conn).await?;
    counts.lost()?;
    committed(conn.into_after_commit());
    Ok(made)
}

async fn warn_if_not_durable(pool: &DatabaseConnection) -> Result<()> {
    let show = Statement::from_string(DbBackend::Postgres, "SHOW synchronous_commit");
    let setting = pool.query_one_raw(show).await?.map(|row| row.try_get_by_index::<String>(0)).transpose()?;
    if setting.as_deref() == Some("off") {
        tracing::warn!("PostgreSQL has synchronous_commit = off: a crash may forget revocations and used codes that were already answered");
    }
    Ok(())
}
