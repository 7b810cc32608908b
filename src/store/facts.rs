//! What a database says of itself, for operators who ask whether it is set up well.

use std::path::PathBuf;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::connection::Backend;
use super::{Conn, Error, Result, Store, sqlite};
use crate::config;

/// Of either kind.
#[derive(Clone, Debug)]
pub enum Facts {
    Sqlite(SqliteFacts),
    Postgres(PostgresFacts),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteFacts {
    pub version: String,
    /// `wal`.
    pub journal_mode: String,
    /// Of the connection that writes; 2: FULL.
    pub synchronous: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresFacts {
    /// Such as 170002.
    pub version: i64,
    pub synchronous_commit: String,
    pub isolation: String,
    pub max_connections: i64,
    /// That are kept for administrators.
    pub reserved: i64,
    pub is_superuser: bool,
    /// Whether this connection is encrypted.
    pub tls: bool,
    /// The server's clock, in milliseconds.
    pub now: i64,
}

impl Store {
    /// Asks.
    pub async fn facts(&self) -> Result<Facts> {
        match self.backend() {
            Backend::Sqlite(_) => self.sqlite_facts().await.map(Facts::Sqlite),
            Backend::Postgres(_) => postgres_facts(&self.read()).await.map(Facts::Postgres),
        }
    }

    async fn sqlite_facts(&self) -> Result<SqliteFacts> {
        let version = text(&self.read(), "SELECT sqlite_version()").await?;
        let journal_mode = text(&self.read(), "PRAGMA journal_mode").await?;
        let synchronous = self
            .write(|conn| Box::pin(async move { text(conn, "SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous").await }))
            .await?;
        Ok(SqliteFacts { version, journal_mode, synchronous })
    }
}

async fn postgres_facts(conn: &Conn<'_>) -> Result<PostgresFacts> {
    let setting = |name: &'static str| async move { text(conn, &format!("SELECT current_setting('{name}')")).await };
    let number = |name: &'static str| async move {
        let text = setting(name).await?;
        text.parse::<i64>().map_err(|_| Error::Database(format!("{name} is {text:?}")))
    };
    let reserved = number("superuser_reserved_connections").await?;
    let now = text(conn, "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text").await?;
    Ok(PostgresFacts {
        version: number("server_version_num").await?,
        synchronous_commit: setting("synchronous_commit").await?,
        isolation: setting("transaction_isolation").await?,
        max_connections: number("max_connections").await?,
        reserved,
        is_superuser: setting("is_superuser").await? == "on",
        tls: text(conn, "SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)::text").await? == "true",
        now: now.parse().unwrap_or_default(),
    })
}

async fn text(conn: &Conn<'_>, sql: &str) -> Result<String> {
    let backend: DbBackend = conn.get_database_backend();
    let row = conn.query_one_raw(Statement::from_string(backend, sql)).await?;
    let row = row.ok_or_else(|| Error::Database("no row where there always is one".to_owned()))?;
    Ok(row.try_get_by_index::<String>(0)?)
}

/// The file of a SQLite URL; `None`: another database. Makes nothing.
pub fn find_file(config: &config::Database) -> Option<PathBuf> {
    config.is_file().then(|| sqlite::path_of(config.url.expose()).ok())?
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDatabase;
    use super::*;

    #[tokio::test]
    async fn a_database_says_how_it_is_set_up() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            match store.facts().await.unwrap() {
                Facts::Sqlite(facts) => {
                    assert_eq!((facts.journal_mode.as_str(), facts.synchronous.as_str()), ("wal", "2"));
                    assert!(facts.version.starts_with('3'));
                }
                Facts::Postgres(facts) => {
                    assert!(facts.version > 120_000 && facts.max_connections > facts.reserved, "{facts:?}");
                    assert_eq!(facts.isolation, "read committed");
                    assert!(facts.now > 1_600_000_000_000);
                }
            }
        }
    }
}
