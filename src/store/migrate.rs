//! The schema's state and how it is changed.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseExecutor, DbBackend, DbErr, QueryResult, RuntimeErr, Statement, sqlx};
use vestibule_migrations::{Migrator, MigratorTrait as _, SERVES_FROM};

use super::Conn;
use super::conn::Counts;
use super::connection::Backend;
use super::error::{Error, Result};
use super::postgres::Postgres;
use super::settings;

/// Whether the schema fits this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    Current,
    /// Migrations are pending.
    Older,
    /// A newer version of the service has migrated it, and only added to it: this program serves on it.
    Newer,
    /// A newer version has taken away what this program needs.
    TooNew,
}

impl SchemaState {
    /// Every state by its name, and whether it is this one.
    #[must_use]
    pub fn named(self) -> [(&'static str, bool); 4] {
        [(Self::Current, "current"), (Self::Older, "older"), (Self::Newer, "newer"), (Self::TooNew, "too_new")]
            .map(|(state, name)| (name, state == self))
    }
}

/// The setting that says which migration a program must know to serve on the schema.
const SERVES: &str = "schema-serves-from";

#[derive(Clone, Debug, serde::Serialize)]
pub struct MigrationStatus {
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// Applied migrations this program does not know.
    pub unknown: Vec<String>,
    /// If there are such: the migration that a program must know to serve all the same.
    pub serves_from: Option<String>,
}

impl MigrationStatus {
    fn of(in_database: Vec<String>) -> Self {
        let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let (applied, unknown) = in_database.into_iter().partition::<Vec<_>, _>(|name| known.contains(name));
        let pending = known.into_iter().filter(|name| !applied.contains(name)).collect();
        Self { applied, pending, unknown, serves_from: None }
    }

    pub(super) fn state(&self) -> SchemaState {
        let serves = || self.serves_from.as_ref().is_some_and(|from| self.applied.contains(from));
        if !self.unknown.is_empty() {
            if self.pending.is_empty() && serves() { SchemaState::Newer } else { SchemaState::TooNew }
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
        Ok(rows) => {
            let mut status = MigrationStatus::of(names(&rows)?);
            if !status.unknown.is_empty() {
                status.serves_from = serves_from(conn).await?;
            }
            Ok(status)
        }
        Err(error) if is_missing_table(&error) => Ok(MigrationStatus::of(Vec::new())),
        Err(error) => Err(error.into()),
    }
}

/// A schema that nobody has said it of serves nobody else.
async fn serves_from(conn: &Conn<'_>) -> Result<Option<String>> {
    match settings::find(conn, SERVES).await {
        Ok(value) => Ok(value.and_then(|name| String::from_utf8(name).ok())),
        Err(Error::Database(_)) => Ok(None),
        Err(error) => Err(error),
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

/// How long another process may migrate before this one gives up, and how often it asks.
const LOCK_PATIENCE: Duration = Duration::from_mins(10);
const LOCK_EVERY: Duration = Duration::from_millis(250);

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
    let mut asked = 0_u32;
    while !taken(connection.query_one_raw(call("pg_try_advisory_lock")).await?)? {
        asked = asked.saturating_add(1);
        if LOCK_EVERY.saturating_mul(asked) > LOCK_PATIENCE {
            let what =
                "another process has been migrating this database for more than ten minutes; look at it, and at its connection (pg_locks)";
            return Err(Error::Unavailable(what.to_owned()));
        }
        tokio::time::sleep(LOCK_EVERY).await;
    }
    let outcome = change(&Conn::new(connection, &Counts::default()), direction).await;
    connection.execute_raw(call("pg_advisory_unlock")).await?;
    outcome
}

fn taken(row: Option<QueryResult>) -> Result<bool> {
    row.map_or(Ok(false), |row| row.try_get_by_index(0).map_err(Error::from))
}

/// What was done, by the migrations' names in the order they were run.
async fn change(conn: &Conn<'_>, direction: Direction) -> Result<Vec<String>> {
    let before = status(conn).await?;
    match direction {
        // A rollback: the older program's own migrations are all there.
        Direction::Up if before.state() == SchemaState::Newer => Ok(Vec::new()),
        Direction::Up => {
            before.refuse_newer()?;
            Migrator::up(borrow(&conn.executor), None).await?;
            if settings::find(conn, SERVES).await?.as_deref() != Some(SERVES_FROM.as_bytes()) {
                settings::update(conn, SERVES, SERVES_FROM.as_bytes()).await?;
            }
            Ok(before.pending)
        }
        Direction::Down { steps } => {
            before.refuse_newer()?;
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

#[cfg(test)]
#[path = "migrate_ladder_tests.rs"]
mod ladder_tests;

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait as _;

    use super::super::testing::TestDatabase;
    use super::*;

    #[tokio::test]
    async fn the_schema_goes_up_and_down_and_up_again() {
        for database in TestDatabase::each().await {
            let store = database.open().await;
            assert_eq!(store.check().await.unwrap(), SchemaState::Older);
            let all = store.migrate_up().await.unwrap();
            assert_eq!(all.len(), Migrator::migrations().len());
            assert_eq!(store.check().await.unwrap(), SchemaState::Current);
            assert!(store.migrate_up().await.unwrap().is_empty());

            let newest = store.migrate_down(1).await.unwrap();
            assert_eq!(newest, all[all.len() - 1..]);
            assert_eq!(store.check().await.unwrap(), SchemaState::Older);
            let rest = store.migrate_down(u32::MAX).await.unwrap();
            assert_eq!(rest.len(), all.len() - 1);
            assert_eq!(store.migration_status().await.unwrap().pending, all);

            assert_eq!(store.migrate_up().await.unwrap(), all);
            assert_eq!(store.check().await.unwrap(), SchemaState::Current);
            store.close().await;
        }
    }

    /// Everything the migrations create, by name: tables and indexes share their names' space on both databases.
    async fn objects() -> Vec<String> {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        let all = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'seaql_%'";
        let rows = store.read().query_all_raw(Statement::from_string(DbBackend::Sqlite, all)).await.unwrap();
        rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
    }

    async fn execute(store: &crate::store::Store, sql: String) {
        let executing = store.write(move |conn| {
            let sql = sql.clone();
            Box::pin(async move { Ok(Conn::execute_unprepared(conn, &sql).await?) })
        });
        executing.await.unwrap();
    }

    /// The fault ladder: something is in the way of one statement after the other. Nothing of the migration it belongs to is left behind, and when it is out
    /// of the way the next start goes on (SECURITY RL-5).
    #[tokio::test]
    async fn a_migration_that_fails_at_any_statement_leaves_nothing_half_done() {
        let objects = objects().await;
        assert!(objects.len() > 30, "{objects:?}");
        for name in objects {
            for database in TestDatabase::each().await {
                let store = database.open().await;
                execute(&store, format!("CREATE TABLE \"{name}\" (in_the_way INT)")).await;
                assert!(store.migrate_up().await.is_err(), "{name} was in the way");
                let status = store.migration_status().await.unwrap();
                assert!(!status.pending.is_empty(), "{name}");
                execute(&store, format!("DROP TABLE \"{name}\"")).await;
                assert_eq!(store.migrate_up().await.unwrap(), status.pending, "{name}: it goes on where it stopped");
                assert_eq!(store.check().await.unwrap(), SchemaState::Current, "{name}");
                store.close().await;
            }
        }
    }

    #[tokio::test]
    async fn looking_does_not_create_the_history() {
        for database in TestDatabase::each().await {
            let store = database.open().await;
            assert_eq!(store.migration_status().await.unwrap().applied, Vec::<String>::new());
            let history = store.read().execute_unprepared("SELECT 1 FROM seaql_migrations").await;
            assert!(is_missing_table(&history.unwrap_err()));
        }
    }

    async fn migrate_with_a_later_version(store: &crate::store::Store, serves_from: Option<&'static str>) {
        let job = store.write(move |conn| {
            Box::pin(async move {
                Conn::execute_unprepared(conn, "INSERT INTO seaql_migrations VALUES ('m20991231_000001_fly', 0)").await?;
                match serves_from {
                    Some(from) => settings::update(conn, SERVES, from.as_bytes()).await,
                    None => settings::revoke(conn, SERVES).await.map(drop),
                }
            })
        });
        job.await.unwrap();
    }

    #[tokio::test]
    async fn a_newer_schema_that_takes_something_away_is_refused_and_left_alone() {
        for serves_from in [Some("m20991231_000001_fly"), None] {
            for database in TestDatabase::each().await {
                let store = database.migrated().await;
                migrate_with_a_later_version(&store, serves_from).await;
                assert_eq!(store.check().await.unwrap(), SchemaState::TooNew);
                let refusal = store.migrate_up().await.unwrap_err().to_string();
                assert!(refusal.contains("m20991231_000001_fly"), "{refusal}");
                assert!(store.migrate_down(1).await.is_err());
                assert_eq!(store.migration_status().await.unwrap().unknown, ["m20991231_000001_fly"]);
            }
        }
    }

    #[tokio::test]
    async fn a_newer_schema_that_only_adds_is_served_and_left_alone() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            migrate_with_a_later_version(&store, Some(SERVES_FROM)).await;
            assert_eq!(store.check().await.unwrap(), SchemaState::Newer);
            assert!(store.migrate_up().await.unwrap().is_empty());
            assert!(store.migrate_down(1).await.is_err());
        }
    }

    #[tokio::test]
    async fn a_newer_schema_that_lacks_something_of_ours_is_of_another_line() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let newest = Migrator::migrations().last().unwrap().name().to_owned();
            migrate_with_a_later_version(&store, Some(SERVES_FROM)).await;
            let forget = store.write(move |conn| {
                let forget = format!("DELETE FROM seaql_migrations WHERE version = '{newest}'");
                Box::pin(async move { Ok(Conn::execute_unprepared(conn, &forget).await.map(drop)?) })
            });
            forget.await.unwrap();
            assert_eq!(store.check().await.unwrap(), SchemaState::TooNew);
        }
    }

    #[test]
    fn the_migration_a_program_must_know_is_one_of_ours() {
        assert!(Migrator::migrations().iter().any(|migration| migration.name() == SERVES_FROM));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn replicas_that_start_together_migrate_once() {
        for database in TestDatabase::each().await {
            let mut stores = Vec::new();
            for _ in 0..4 {
                stores.push(database.open().await);
            }
            let starts = stores.iter().cloned().map(|store| tokio::spawn(async move { store.migrate_up().await.unwrap().len() }));
            let mut applied: Vec<usize> = futures_util::future::join_all(starts).await.into_iter().map(|count| count.unwrap()).collect();
            applied.sort_unstable();
            assert_eq!(applied, [0, 0, 0, Migrator::migrations().len()]);
        }
    }
}
