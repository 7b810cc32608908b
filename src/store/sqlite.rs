//! Opening a SQLite file: one writing connection and a pool of readers.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use super::conn::Counts;
use super::connection::Renewal;
use super::error::{Error, Result};
use super::file::{self, InUse};
use super::writer::Writer;
use crate::config;

/// How long to wait for another process (a command beside the service) that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The connections to one file.
pub(super) struct Sqlite {
    pub(super) readers: DatabaseConnection,
    pub(super) writer: Writer,
    /// Until the last connection is gone.
    _in_use: InUse,
    path: PathBuf,
}

impl Sqlite {
    /// Creates the file (mode 0600) and its directory (mode 0700) when missing.
    pub(super) async fn open(config: &config::Database, counts: Arc<Counts>) -> Result<Self> {
        let path = path_of(config.url.expose())?;
        create(&path).map_err(|error| Error::Unavailable(format!("cannot create {}: {error}", path.display())))?;
        let in_use = file::share(&path)?;
        // The writer first: it turns write-ahead logging on, which a connection that only reads cannot.
        let options = writer_options(config);
        let connection = Database::connect(options.clone()).await?;
        let writer = Writer::start(connection, options, counts);
        let readers = Database::connect(reader_options(config)).await?;
        Ok(Self { readers, writer, _in_use: in_use, path })
    }

    /// There is nobody to be let in by.
    pub(super) fn compare(&self, config: &config::Database) -> Renewal {
        if path_of(config.url.expose()).is_ok_and(|path| path == self.path) { Renewal::Here } else { Renewal::Elsewhere }
    }

    pub(super) async fn close(&self) {
        let _ = self.readers.close_by_ref().await;
        // Last: it folds the write-ahead log into the file.
        self.writer.close().await;
    }
}

pub(super) fn path_of(url: &str) -> Result<PathBuf> {
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let options = url.parse::<SqliteConnectOptions>().map_err(|error| Error::Database(format!("database.url: {error}")))?;
    let path = options.get_filename().to_path_buf();
    if in_memory || path.as_os_str().is_empty() {
        let text = "database.url: a SQLite database in memory is not supported, because its readers and its writer would not see the same data; name a file";
        return Err(Error::Database(text.to_owned()));
    }
    // Where it is in truth: its side files are there, and there a restore puts another in its place.
    Ok(std::fs::canonicalize(&path).unwrap_or(path))
}

/// SQLite gives its side files (`-wal`, `-shm`) the mode of the database file.
fn create(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

fn writer_options(config: &config::Database) -> ConnectOptions {
    let mut options = super::connection::common_options(config);
    options.max_connections(1).idle_timeout(None).map_sqlx_sqlite_opts(|sqlite| {
        // FULL: an answered commit survives a power cut. Temporary tables and sorts stay in memory. No mmap: it turns a disk error into a
        // signal that ends the process, and every connection's mapping counts as our memory.
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("temp_store", "memory")
            .pragma("journal_size_limit", "67108864")
            .optimize_on_close(true, 400)
    });
    options
}

fn reader_options(config: &config::Database) -> ConnectOptions {
    let mut options = super::connection::common_options(config);
    options
        .max_connections(config.max_connections.max(1))
        .map_sqlx_sqlite_opts(|sqlite| sqlite.read_only(true).busy_timeout(BUSY_TIMEOUT).pragma("temp_store", "memory"));
    options
}
