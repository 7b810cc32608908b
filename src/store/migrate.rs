//! The schema's state and how it is changed.

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
