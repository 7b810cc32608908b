//! The schema's state and how it is changed.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseExecutor, DbBackend, DbErr, QueryResult, RuntimeErr, Statement, sqlx};
use vestibule_migrations::{Migrator, MigratorTrait as _};

use super::Conn;
use super::conn::Counts;
use super::connection::Backend;
use super::error::{Error, Result};
use super::postgres::Postgres;

/// Whether the schema fits this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    Current,
    /// Migrations are pending.
    Older,
    /// A newer version of the service has migrated it.
    Newer,
}

#[derive(Clone, Debug, serde::Serialize)]
pub struct MigrationStatus {
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// Applied migrations this program does not know.
    pub unknown: Vec<String>,
}

impl MigrationStatus {
    fn of(in_database: Vec<String>) -> Self {
        let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let (applied, unknown) = in_database.into_iter().partition::<Vec<_>, _>(|name| known.contains(name));
        let pending = known.into_iter().filter(|name| !applied.contains(name)).collect();
        Self { applied, pending, unknown }
    }

    pub(super) fn state(&self) -> SchemaState {
        if !self.unknown.is_empty() {
            SchemaState::Newer
        } else if self.pending.is_empty() {
            SchemaState::Current
        } else {
            SchemaState::Older
        }
    }

    fn refuse_newer(&self) -> Result<()> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        Err(Error::Database(format!(
            "the schema is newer than this program, which does not know these migrations: {}; start the version of vestibule that made them",
            self.unknown.join(", ")
        )))
    }
}

/// Reads the history, without creating its table.
pub(super) async fn status(conn: &Conn<'_>) -> Result<MigrationStatus> {
    let select = Statement::from_string(conn.get_database_backend(), "SELECT version FROM seaql_migrations ORDER BY version");
    match conn.query_all_raw(select).await {
        Ok(rows) => names(&rows).map(MigrationStatus::of),
        Err(error) if is_missing_table(&error) => Ok(MigrationStatus::of(Vec::new())),
        Err(error) => Err(error.into()),
    }
}

fn names(rows: &[QueryResult]) -> Result<Vec<String>> {
    rows.iter().map(|row| row.try_get_by_index(0).map_err(Error::from)).collect()
}

fn is_missing_table(error: &DbErr) -> bool {
    let (DbErr::Query(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error))) = error else { return false };
    let sqlx::Error::Database(refusal) = &**error else { return false };
    // undefined_table
    refusal.code().as_deref() == Some("42P01") || refusal.message().starts_with("no such table")
}

/// Which way to go.
#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down { steps: u32 },
}

pub(super) async fn up(backend: &Backend) -> Result<Vec<String>> {
    go(backend, Direction::Up).await
}

pub(super) async fn down(backend: &Backend, steps: u32) -> Result<Vec<String>> {
    go(backend, Direction::Down { steps }).await
}

async fn go(backend: &Backend, direction: Direction) -> Result<Vec<String>> {
    match backend {
        // The writer's transaction is immediate: another process waits for it, then finds nothing left to do.
        Backend::Sqlite(sqlite) => sqlite.writer.run(move |conn| Box::pin(change(conn, direction))).await,
        Backend::Postgres(postgres) => under_advisory_lock(postgres, direction).await,
    }
}

/// The key every version of the service locks: "vestibul" in ASCII.
const ADVISORY_LOCK: i64 = 0x7665_7374_6962_756c;

/// The lock belongs to the connection. It is released when that closes, whatever happens before.
async fn under_advisory_lock(postgres: &Postgres, direction: Direction) -> Result<Vec<String>> {
    let connection = postgres.dedicated().await?;
    let outcome = locked(&connection, direction).await;
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing the connection that migrated");
    }
    outcome
}

async fn locked(connection: &DatabaseConnection, direction: Direction) -> Result<Vec<String>> {
    let call = |function: &str| Statement::from_string(DbBackend::Postgres, format!("SELECT {function}({ADVISORY_LOCK})"));
    connection.execute_raw(call("pg_advisory_lock")).await?;
    let outcome = change(&Conn::new(connection, &Counts::default()), direction).await;
    connection.execute_raw(call("pg_advisory_unlock")).await?;
    outcome
}

/// What was done, by the migrations' names in the order they were run.
async fn change(conn: &Conn<'_>, direction: Direction) -> Result<Vec<String>> {
    let before = status(conn).await?;
    before.refuse_newer()?;
    match direction {
        Direction::Up => {
            Migrator::up(borrow(&conn.executor), None).await?;
            Ok(before.pending)
        }
        Direction::Down { steps } => {
            Migrator::down(borrow(&conn.executor), Some(steps)).await?;
            let steps = usize::try_from(steps).unwrap_or(usize::MAX);
            Ok(before.applied.into_iter().rev().take(steps).collect())
        }
    }
}

fn borrow<'a>(executor: &'a DatabaseExecutor<'_>) -> DatabaseExecutor<'a> {
    match executor {
        DatabaseExecutor::Connection(connection) => DatabaseExecutor::Connection(connection),
        DatabaseExecutor::Transaction(transaction) => DatabaseExecutor::Transaction(transaction),
        DatabaseExecutor::OwnedTransaction(transaction) => DatabaseExecutor::Transaction(transaction),
    }
}
