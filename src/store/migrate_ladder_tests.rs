//! The fault ladder of ALTER statements: each one of each migration fails in its turn (SECURITY RL-5). What creates things has its ladder beside the migrations.

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

/// Every column there is: its table and its name.
async fn columns(store: &Store) -> BTreeSet<(String, String)> {
    let conn = store.read();
    let sql = match conn.get_database_backend() {
        DbBackend::Sqlite => "SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
        _ => "SELECT table_name::text AS t, column_name::text AS c FROM information_schema.columns WHERE table_schema = current_schema()",
    };
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| (row.try_get("", "t").unwrap(), row.try_get("", "c").unwrap())).collect()
}

/// What each migration adds to tables that were there: found by doing them, so that a new one cannot be forgotten. Steps before it, table, column.
async fn alterations() -> Vec<(usize, String, String)> {
    let database = TestDatabase::sqlite();
    let store = database.open().await;
    let (mut found, mut before) = (Vec::new(), BTreeSet::new());
    for step in 0..Migrator::migrations().len() {
        climb(&store, 1).await;
        let after = columns(&store).await;
        let tables: BTreeSet<&String> = before.iter().map(|(table, _)| table).collect();
        let added = after.difference(&before).filter(|(table, _)| tables.contains(table));
        found.extend(added.map(|(table, column)| (step, table.clone(), column.clone())));
        before = after;
    }
    found
}

/// Nothing that the same migration did before it, or the ones before that in this start on SQLite, is left behind; and the next start goes on.
#[tokio::test]
async fn a_migration_that_fails_at_any_alteration_leaves_nothing_half_done() {
    let alterations = alterations().await;
    assert!(alterations.len() >= 8, "{alterations:?}");
    for (step, table, column) in alterations {
        for database in TestDatabase::each().await {
            let store = database.open().await;
            climb(&store, step).await;
            let before = columns(&store).await;
            execute(&store, format!("ALTER TABLE \"{table}\" ADD COLUMN \"{column}\" INT")).await;
            let error = store.migrate_up().await.expect_err("the column was in the way").to_string();
            assert!(error.contains(&column), "{table}.{column}: something else failed: {error}");
            execute(&store, format!("ALTER TABLE \"{table}\" DROP COLUMN \"{column}\"")).await;
            assert_eq!(columns(&store).await, before, "{table}.{column}: half a migration was left");
            let status = store.migration_status().await.unwrap();
            assert_eq!(status.applied.len(), step, "{table}.{column}: {status:?}");
            assert_eq!(store.migrate_up().await.unwrap(), status.pending, "{table}.{column}: it goes on where it stopped");
            assert_eq!(store.check().await.unwrap(), SchemaState::Current, "{table}.{column}");
            store.close().await;
        }
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
