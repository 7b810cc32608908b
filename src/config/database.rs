//! `[database]`: where the rows are kept.

use serde::{Deserialize, Serialize};

use super::types::Span;
use crate::secret::Secret;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://path/to/file.db` (embedded, one replica) or `postgres://user:password@host/name` (several replicas).
    /// A new user name or password is used for new connections without a restart; another database needs one. Default: `sqlite://data/vestibule.db`.
    #[serde(skip_serializing)]
    pub url: Secret<String>,
    /// Connections in the pool: readers for SQLite, all for PostgreSQL.
    pub max_connections: u32,
    /// A request that gets no connection by then is answered 503.
    pub acquire_timeout: Span,
    /// PostgreSQL cancels a statement that takes longer.
    pub statement_timeout: Span,
    /// Whether `serve` brings the schema up to date before it listens.
    pub migrate_on_start: bool,
}

impl Database {
    /// Whether it is a file of ours, and no server.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.url.expose().starts_with("sqlite:")
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: Secret::new("sqlite://data/vestibule.db".to_owned()),
            max_connections: 16,
            acquire_timeout: Span::secs(3),
            statement_timeout: Span::secs(5),
            migrate_on_start: true,
        }
    }
}
