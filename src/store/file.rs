//! The file of the embedded database: who has it open, a snapshot of it, and whether it is sound.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _};
use sea_orm::{ConnectionTrait as _, Statement};

use super::Store;
use super::connection::Backend;
use super::error::{Error, Result};
use super::sqlite;
use crate::config;

/// Kept as long as the database is open, in one process or several; or by one alone.
pub struct InUse {
    _file: File,
}

/// The file of the embedded database; `None`: it is PostgreSQL.
///
/// # Errors
/// When the URL is not understood.
pub fn path(config: &config::Database) -> Result<Option<PathBuf>> {
    let url = config.url.expose();
    if url.starts_with("sqlite:") { sqlite::path_of(url).map(Some) } else { Ok(None) }
}

/// Beside others who have the database at `path` open.
pub(super) fn share(path: &Path) -> Result<InUse> {
    let file = lock_file(path)?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            Err(Error::Unavailable(format!("a restore of {} is under way: start again when it is done", path.display())))
        }
        // A file system without locks: then a restore has to be trusted to come alone.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(InUse { _file: file }),
    }
}

/// Alone: nobody has the database at `path` open, or can open it until this is dropped.
///
/// # Errors
/// [`Error::Unavailable`] while a service or a command has it open.
pub fn claim(path: &Path) -> Result<InUse> {
    let file = lock_file(path)?;
    match file.try_lock() {
        Ok(()) => Ok(InUse { _file: file }),
        Err(TryLockError::WouldBlock) => Err(in_use(path)),
        Err(TryLockError::Error(error)) => Err(Error::Unavailable(format!("cannot lock {}: {error}", path.display()))),
    }
}

fn in_use(path: &Path) -> Error {
    Error::Unavailable(format!("{} is in use: stop the service, and wait for commands to end", path.display()))
}

/// `….lock` beside the database: the database's own file changes its place in a restore, and SQLite has its own locks on it.
fn lock_file(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let open = |new: bool| OpenOptions::new().read(true).write(true).create_new(new).mode(0o600).open(&name);
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", name.display()));
    let file = match open(true) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return open(false).map_err(failed),
        Err(error) => return Err(failed(error)),
    };
    // Made by root for a service of another user: as SQLite does with its own side files, and before there is a database, the directory's owner is the one
    // who will open it. Only what was made here, for what was there may be a link.
    if let Ok(owner) = std::fs::metadata(path).or_else(|_| std::fs::metadata(directory_of(path))) {
        let _ = std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()));
    }
    Ok(file)
}

/// The directory a file is in.
#[must_use]
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Folds the write-ahead log into the file at `path`, which nobody has open. A file that is no longer a database stays as it is.
///
/// # Errors
/// [`Error::Unavailable`] when somebody has it open after all, such as a version of the service that knows no lock file.
pub async fn fold_log(path: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(path).journal_mode(SqliteJournalMode::Delete).busy_timeout(Duration::from_secs(1));
    let connection = match options.disable_statement_logging().connect().await {
        Ok(connection) => connection,
        Err(sea_orm::sqlx::Error::Database(refusal)) if matches!(refusal.code().as_deref(), Some("5" | "261" | "517")) => {
            return Err(in_use(path));
        }
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "the database that is replaced cannot be opened; it is kept as it is");
            return Ok(());
        }
    };
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, path = %path.display(), "closing the database that is replaced");
    }
    Ok(())
}

impl Store {
    /// Copies one consistent state of the embedded database into the empty file `to`, while others write.
    ///
    /// # Errors
    /// The database's, such as a full disk; on PostgreSQL, always.
    pub async fn snapshot(&self, to: &Path) -> Result<()> {
        let Backend::Sqlite(_) = self.backend() else { return Err(Error::Database("PostgreSQL is backed up by pg_dump".to_owned())) };
        let to = std::path::absolute(to).map_err(|error| Error::Unavailable(format!("{}: {error}", to.display())))?;
        let name = to.to_str().ok_or_else(|| Error::Database(format!("{}: the name is not UTF-8", to.display())))?;
        let vacuum = format!("VACUUM INTO '{}'", name.replace('\'', "''"));
        self.read().execute_unprepared(&vacuum).await?;
        Ok(())
    }

    /// What is wrong with the embedded database as a file, in SQLite's words. Nothing on PostgreSQL, which looks after its own.
    ///
    /// # Errors
    /// When it cannot be asked: it is no database at all.
    pub async fn faults(&self) -> Result<Vec<String>> {
        let Backend::Sqlite(_) = self.backend() else { return Ok(Vec::new()) };
        let conn = self.read();
        let ask = |pragma: &str| Statement::from_string(conn.get_database_backend(), pragma.to_owned());
        let mut faults: Vec<String> = Vec::new();
        for row in conn.query_all_raw(ask("PRAGMA integrity_check(5)")).await? {
            faults.push(row.try_get_by_index(0)?);
        }
        faults.retain(|fault| fault != "ok");
        for row in conn.query_all_raw(ask("PRAGMA foreign_key_check")).await?.iter().take(5) {
            faults.push(format!("a row of {} refers to one that is not there", row.try_get_by_index::<String>(0)?));
        }
        Ok(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDatabase;
    use super::*;

    #[tokio::test]
    async fn nobody_can_claim_a_database_that_is_open_or_open_one_that_is_claimed() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        assert!(matches!(claim(&database.file()), Err(Error::Unavailable(text)) if text.contains("is in use")));
        let second = database.open().await;
        store.close().await;
        drop(store);
        assert!(claim(&database.file()).is_err(), "a second store has it open");
        second.close().await;
        drop(second);
        let alone = claim(&database.file()).unwrap();
        assert!(Store::connect(&database.config).await.is_err_and(|error| error.to_string().contains("restore")));
        drop(alone);
        assert!(Store::connect(&database.config).await.is_ok());
    }

    #[tokio::test]
    async fn a_snapshot_is_a_sound_database_of_its_own() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        let copy = database.file().with_file_name("it's a copy.db");
        store.snapshot(&copy).await.unwrap();
        let url = crate::secret::Secret::new(format!("sqlite://{}", copy.display()));
        let copied = Store::connect(&config::Database { url, ..database.config.clone() }).await.unwrap();
        assert_eq!(copied.check().await.unwrap(), super::super::SchemaState::Current);
        assert_eq!(copied.faults().await.unwrap(), Vec::<String>::new());
        copied.close().await;
    }

    #[tokio::test]
    async fn a_damaged_file_has_faults() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        store.close().await;
        drop(store);
        let mut bytes = std::fs::read(database.file()).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(0xAA);
        std::fs::write(database.file(), bytes).unwrap();
        let faults = match Store::connect(&database.config).await {
            Ok(store) => store.faults().await.unwrap_or_else(|error| vec![error.to_string()]),
            Err(error) => vec![error.to_string()],
        };
        assert!(!faults.is_empty());
    }
}
