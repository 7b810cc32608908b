//! The fault ladder of migrations: every statement of each one fails in its turn (SECURITY RL-5), on both databases. What a statement makes is put in its
//! way. A process killed between two statements: `tests/processes/starts.py`.

use std::collections::BTreeSet;

use super::super::Store;
use super::super::testing::TestDatabase;
use super::*;

/// The first `steps` migrations, as a release of that time would have done them.
async fn climb(store: &Store, steps: usize) {
    let steps = u32::try_from(steps).unwrap();
    let climbing = store.write(move |conn| Box::pin(async move { Ok(Migrator::up(borrow(&conn.executor), Some(steps)).await?) }));
    climbing.await.unwrap();
}

async fn execute(store: &Store, sql: String) {
    let executing = store.write(move |conn| {
        let sql = sql.clone();
        Box::pin(async move { Ok(Conn::execute_unprepared(conn, &sql).await?) })
    });
    executing.await.unwrap();
}

/// What statements of migrations make. `Done`: that a migration is written down as done, its last statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    Table(String),
    Column(String, String),
    Index(String),
    Done(String),
}

impl Made {
    /// What the error of a statement that meets the obstacle names.
    fn name(&self) -> &str {
        match self {
            Self::Table(name) | Self::Column(_, name) | Self::Index(name) => name,
            Self::Done(_) => "in the way",
        }
    }

    /// Statements that put it in the way, and that take it away again.
    fn obstacle(&self, backend: DbBackend) -> (String, String) {
        match self {
            Self::Table(name) => (format!("CREATE TABLE \"{name}\" (in_the_way INT)"), format!("DROP TABLE \"{name}\"")),
            Self::Column(table, name) => {
                (format!("ALTER TABLE \"{table}\" ADD COLUMN \"{name}\" INT"), format!("ALTER TABLE \"{table}\" DROP COLUMN \"{name}\""))
            }
            Self::Index(name) => {
                (format!("CREATE TABLE stone (a INT); CREATE INDEX \"{name}\" ON stone (a)"), "DROP TABLE stone".to_owned())
            }
            Self::Done(name) if backend == DbBackend::Sqlite => (
                format!(
                    "CREATE TRIGGER stone BEFORE INSERT ON seaql_migrations WHEN NEW.version = '{name}' \
                     BEGIN SELECT RAISE(ABORT, 'in the way'); END"
                ),
                "DROP TRIGGER stone".to_owned(),
            ),
            Self::Done(name) => (
                format!("ALTER TABLE seaql_migrations ADD CONSTRAINT \"in the way\" CHECK (version <> '{name}')"),
                "ALTER TABLE seaql_migrations DROP CONSTRAINT \"in the way\"".to_owned(),
            ),
        }
    }
}

async fn ask(store: &Store, sql: &str) -> Vec<(String, String)> {
    let conn = store.read();
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| (row.try_get("", "a").unwrap(), row.try_get("", "b").unwrap())).collect()
}

/// All that there is, by name. Indexes that stand for a key are their table's.
async fn made(store: &Store) -> BTreeSet<Made> {
    let [tables, columns, indexes] = match store.read().get_database_backend() {
        DbBackend::Sqlite => [
            "SELECT name AS a, '' AS b FROM sqlite_master WHERE type = 'table'",
            "SELECT m.name AS a, c.name AS b FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
            "SELECT name AS a, '' AS b FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        ],
        _ => [
            "SELECT tablename::text AS a, '' AS b FROM pg_tables WHERE schemaname = current_schema()",
            "SELECT table_name::text AS a, column_name::text AS b FROM information_schema.columns WHERE table_schema = current_schema()",
            "SELECT c.relname::text AS a, '' AS b FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid \
             WHERE c.relnamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid)",
        ],
    };
    let mut all: BTreeSet<Made> = ask(store, tables).await.into_iter().map(|(name, _)| Made::Table(name)).collect();
    all.extend(ask(store, columns).await.into_iter().map(|(table, name)| Made::Column(table, name)));
    all.extend(ask(store, indexes).await.into_iter().map(|(name, _)| Made::Index(name)));
    all
}

/// How it is made: what a database says of it word for word.
async fn definitions(store: &Store) -> Vec<(String, String)> {
    let sql = match store.read().get_database_backend() {
        DbBackend::Sqlite => "SELECT name AS a, coalesce(sql, '') AS b FROM sqlite_master ORDER BY 1, 2",
        _ => {
            "SELECT table_name || '.' || column_name AS a, concat_ws(' ', data_type, is_nullable, column_default) AS b \
             FROM information_schema.columns WHERE table_schema = current_schema() \
             UNION ALL SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace \
             UNION ALL SELECT tablename::text, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2"
        }
    };
    ask(store, sql).await
}

/// What each migration makes, found by doing it, so that a new one cannot be forgotten.
async fn ladder() -> Vec<Vec<Made>> {
    let database = TestDatabase::sqlite();
    let store = database.open().await;
    climb(&store, 0).await;
    let (mut steps, mut before) = (Vec::new(), made(&store).await);
    for migration in Migrator::migrations() {
        climb(&store, 1).await;
        let after = made(&store).await;
        let is_new = |table: &String| !before.contains(&Made::Table(table.clone()));
        let new = after.difference(&before).filter(|made| !matches!(made, Made::Column(table, _) if is_new(table)));
        steps.push(new.cloned().chain([Made::Done(migration.name().to_owned())]).collect());
        before = after;
    }
    steps
}

/// Whatever statement fails, nothing that its migration did before it is left behind, nor on SQLite what the migrations before that did in the same start. The
/// next start goes on where it stopped, and ends where one does that nothing ever stopped.
#[tokio::test]
async fn a_migration_that_fails_at_any_statement_leaves_nothing_half_done() {
    let ladder = ladder().await;
    assert!(ladder.iter().map(Vec::len).sum::<usize>() >= 100, "{ladder:?}");
    let undisturbed = TestDatabase::each().await;
    for (database, undisturbed) in TestDatabase::each().await.iter().zip(&undisturbed) {
        let store = database.open().await;
        let backend = store.read().get_database_backend();
        climb(&store, 0).await;
        for (step, statements) in ladder.iter().enumerate() {
            let before = (made(&store).await, definitions(&store).await);
            for statement in statements {
                let (put, take_away) = statement.obstacle(backend);
                execute(&store, put).await;
                let error = store.migrate_up().await.expect_err("something was in the way").to_string();
                assert!(error.contains(statement.name()), "{statement:?}: something else failed: {error}");
                execute(&store, take_away).await;
                assert_eq!((made(&store).await, definitions(&store).await), before, "{statement:?}: half a migration was left");
                assert_eq!(store.migration_status().await.unwrap().applied.len(), step, "{statement:?}");
            }
            climb(&store, 1).await;
        }
        assert!(store.migrate_up().await.unwrap().is_empty());
        assert_eq!(store.check().await.unwrap(), SchemaState::Current);
        let untouched = undisturbed.migrated().await;
        assert_eq!(definitions(&store).await, definitions(&untouched).await);
        store.close().await;
        untouched.close().await;
    }
}

/// One that stopped half-way is finished by the next start, from wherever it stopped: in one go.
#[tokio::test]
async fn what_was_stopped_anywhere_is_finished_in_one_go() {
    for database in TestDatabase::each().await {
        let store = database.open().await;
        for name in ["organizations", "declared_objects"] {
            execute(&store, format!("CREATE TABLE {name} (in_the_way INT)")).await;
            assert!(store.migrate_up().await.is_err());
            execute(&store, format!("DROP TABLE {name}")).await;
        }
        let pending = store.migration_status().await.unwrap().pending;
        assert_eq!(store.migrate_up().await.unwrap(), pending);
        assert_eq!(store.check().await.unwrap(), SchemaState::Current);
        store.close().await;
    }
}

/// Whoever migrates says so first: on PostgreSQL, where what was said before a migration stays when that is killed, an older program must not go on.
#[tokio::test]
async fn which_programs_may_serve_is_said_before_the_schema_changes() {
    for database in TestDatabase::each().await {
        let store = database.open().await;
        let last = Migrator::migrations().iter().position(|step| step.name().ends_with("_create_scopes")).unwrap();
        climb(&store, last).await;
        let lower = store.write(|conn| Box::pin(settings::update(conn, SERVES, b"m20261121_000001_create_clients")));
        lower.await.unwrap();
        execute(&store, "CREATE TABLE scopes (in_the_way INT)".to_owned()).await;
        assert!(store.migrate_up().await.is_err());
        let said = settings::find(&store.read(), SERVES).await.unwrap().unwrap();
        // SQLite takes back all of it at once.
        let taken_back = matches!(store.backend(), Backend::Sqlite(_));
        assert_eq!(said == SERVES_FROM.as_bytes(), !taken_back, "{}", String::from_utf8_lossy(&said));
        execute(&store, "DROP TABLE scopes".to_owned()).await;
        store.migrate_up().await.unwrap();
        assert_eq!(settings::find(&store.read(), SERVES).await.unwrap().unwrap(), SERVES_FROM.as_bytes());
        store.close().await;
    }
}
