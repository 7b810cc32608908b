//! Everything the database holds, as text: to see that nothing at all was written.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use super::TestApp;

/// The rows of each table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(pub BTreeMap<String, Vec<String>>);

impl Snapshot {
    /// The tables that differ, for messages.
    pub fn changed(&self, other: &Self) -> Vec<String> {
        let names = self.0.keys().chain(other.0.keys());
        let mut changed: Vec<String> = names.filter(|name| self.0.get(*name) != other.0.get(*name)).cloned().collect();
        changed.sort();
        changed.dedup();
        changed
    }

    /// How many rows this table has.
    pub fn rows(&self, table: &str) -> usize {
        self.0.get(table).map_or(0, Vec::len)
    }
}

async fn texts(connection: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(connection.get_database_backend(), sql.to_owned());
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

impl TestApp {
    /// What the database holds now.
    pub async fn snapshot(&self) -> Snapshot {
        let connection = sea_orm::Database::connect(&self.database.url).await.unwrap();
        let sqlite = connection.get_database_backend() == DbBackend::Sqlite;
        let names = if sqlite {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        } else {
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
        };
        let mut tables = BTreeMap::new();
        for name in texts(&connection, names).await {
            let sql = if sqlite {
                let columns = texts(&connection, &format!("SELECT name FROM pragma_table_info('{name}')")).await;
                let quoted: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
                format!("SELECT {} AS line FROM \"{name}\" ORDER BY 1", quoted.join(" || ',' || "))
            } else {
                format!("SELECT whole::text AS line FROM \"{name}\" AS whole ORDER BY 1")
            };
            tables.insert(name, texts(&connection, &sql).await);
        }
        connection.close().await.unwrap();
        Snapshot(tables)
    }
}
