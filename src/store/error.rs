//! What can go wrong in the store.

/// A store error. Its text is for logs, never for clients or people.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No connection, or the database is going down or refusing writes: answer 503 and try again later.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// A unique constraint: somebody else has that e-mail address, client id, ….
    #[error("already exists")]
    Conflict,
    /// `get` of something that is not there.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// A row whose columns make no sense.
    #[error("inconsistent row in {table}: {detail}")]
    Inconsistent { table: &'static str, detail: String },
    /// Anything else.
    #[error("database error: {0}")]
    Database(String),
}

pub type Result<T> = std::result::Result<T, Error>;
