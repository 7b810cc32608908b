//! What can go wrong in the store.

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use super::refusal;

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

/// The text of an `Unavailable` that is gone when the transaction is tried again.
const CONTENTION: &str = "two transactions stood in each other's way";

/// The beginning of an `Unavailable` that does not pass by itself.
const REFUSED: &str = "the database does not let this service in";

impl Error {
    /// Whether the user name or the password is not good there: waiting does not make it so.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Unavailable(text) if text.starts_with(REFUSED))
    }

    pub(super) fn is_contention(&self) -> bool {
        matches!(self, Self::Unavailable(text) if text == CONTENTION)
    }

    pub(super) fn inconsistent(table: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Inconsistent { table, detail: detail.to_string() }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
            return Self::Conflict;
        }
        match &error {
            _ if refusal::is_refusal(&error) => Self::Unavailable(format!("{REFUSED}: {error}")),
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => from_driver(cause),
            _ => Self::Database(error.to_string()),
        }
    }
}

fn from_driver(error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Error::Unavailable(error.to_string()),
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            let postgres = refusal.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some();
            let kind = if postgres { postgres_kind(&code) } else { sqlite_kind(&code) };
            match kind {
                Kind::Contention => Error::Unavailable(CONTENTION.to_owned()),
                Kind::Unavailable => Error::Unavailable(format!("{error} (code {code})")),
                Kind::Other => Error::Database(format!("{error} (code {code})")),
            }
        }
        _ => Error::Database(error.to_string()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Contention,
    Unavailable,
    Other,
}

/// By SQLSTATE (PostgreSQL, appendix A).
fn postgres_kind(code: &str) -> Kind {
    match code {
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Kind::Contention,
        // read_only_sql_transaction (a replica), lock_not_available
        "25006" | "55P03" => Kind::Unavailable,
        // Connection exception, insufficient resources, operator intervention (with the statement timeout), system error.
        _ if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Kind::Unavailable,
        _ => Kind::Other,
    }
}

/// By SQLite's result code; its low byte is the primary one.
fn sqlite_kind(code: &str) -> Kind {
    match code.parse::<u32>().map(|code| code & 0xff) {
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN
        Ok(5 | 6 | 7 | 8 | 10 | 13 | 14) => Kind::Unavailable,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_going_down_is_unavailable_and_a_syntax_error_is_not() {
        assert_eq!(postgres_kind("57P01"), Kind::Unavailable);
        assert_eq!(postgres_kind("53100"), Kind::Unavailable);
        assert_eq!(postgres_kind("40P01"), Kind::Contention);
        assert_eq!(postgres_kind("42601"), Kind::Other);
    }

    #[test]
    fn a_full_disk_and_a_locked_file_are_unavailable_and_corruption_is_not() {
        assert_eq!(sqlite_kind("13"), Kind::Unavailable);
        assert_eq!(sqlite_kind("517"), Kind::Unavailable);
        assert_eq!(sqlite_kind("1032"), Kind::Unavailable);
        assert_eq!(sqlite_kind("11"), Kind::Other);
    }
}
