//! Making a backup while the service runs and writes.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::error::{Error, Result};
use super::header::Header;
use super::place::{Unfinished, beside, is_at, lock_own, refuse_own, remove_file};
use super::{finish, format};
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::secret::Sealer;
use crate::store::{SchemaState, Store};

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    pub header: Header,
    /// Bytes of the database.
    pub bytes: u64,
}

/// Where it goes.
pub enum Target {
    /// A file of mode 0600 that has its name when it is complete.
    File {
        path: std::path::PathBuf,
        replace: bool,
    },
    Stream(Box<dyn Write + Send>),
}

/// One consistent state of the database at `database`, sealed. Writers are not held up: a snapshot is taken beside the database (a plain copy, as closed as
/// the database itself, removed at the end), and that is sealed.
///
/// # Errors
/// The store's; no room on the disk; keys that do not belong to this database; a target that is one of the database's own files.
pub async fn make(store: &Store, sealer: &Arc<Sealer>, database: &Path, target: Target, now: Timestamp) -> Result<Made> {
    if let Target::File { path, .. } = &target {
        refuse_own(database, path)?;
    }
    finish::check_key(store, sealer).await?;
    let status = store.migration_status().await?;
    let schema = status.unknown.last().or(status.applied.last()).cloned().unwrap_or_default();
    let header = Header::new(sealer.newest(), schema, now);
    let snapshot = Snapshot::take(store, database).await?;
    let (seals, head) = (Arc::clone(sealer), header.clone());
    let work = tokio::task::spawn_blocking(move || write(&seals, &head, snapshot, target));
    let bytes = work.await.map_err(|error| Error::Stream(std::io::Error::other(error)))??;
    if matches!(store.check().await?, SchemaState::Current | SchemaState::Newer) {
        record(store, &header, bytes, now).await?;
    }
    Ok(Made { header, bytes })
}

fn write(sealer: &Sealer, header: &Header, mut snapshot: Snapshot, target: Target) -> Result<u64> {
    match target {
        Target::Stream(mut out) => format::seal(sealer, header, &mut snapshot.file, &mut out),
        Target::File { path, replace } => {
            if !replace && path.symlink_metadata().is_ok() {
                return Err(Error::Occupied(path));
            }
            // Not in the place of a device, such as /dev/stdout.
            if path.metadata().is_ok_and(|there| !there.is_file()) {
                return Err(Error::at(&path)(std::io::Error::other("not a file")));
            }
            let mut unfinished = Unfinished::create(&path)?;
            let bytes = format::seal(sealer, header, &mut snapshot.file, &mut unfinished.file)?;
            unfinished.finish()?;
            Ok(bytes)
        }
    }
}

/// A plain copy of the database, gone when it is dropped.
struct Snapshot {
    file: File,
    path: std::path::PathBuf,
}

impl Snapshot {
    /// The file is ours alone while its lock is held; one that was left behind by a backup that was killed is used again.
    async fn take(store: &Store, database: &Path) -> Result<Self> {
        let path = beside(database, ".backup");
        let snapshot = Self { file: lock_own(&path)?, path };
        snapshot.file.set_len(0).map_err(Error::at(&snapshot.path))?;
        store.snapshot(&snapshot.path).await?;
        // Sealed is what was opened, and filled was what has the name.
        if !is_at(&snapshot.file, &snapshot.path)? || snapshot.file.metadata().map_err(Error::at(&snapshot.path))?.len() == 0 {
            return Err(Error::at(&snapshot.path)(std::io::Error::other(
                "somebody else took its place, and it was left empty: nothing was backed up",
            )));
        }
        Ok(snapshot)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let _ = remove_file(&self.path);
    }
}

/// Everything about everybody has left the house.
async fn record(store: &Store, header: &Header, bytes: u64, now: Timestamp) -> Result<()> {
    let event = Event::new(Kind::DatabaseBackedUp, &Origin::default())
        .detail("by", "command line")
        .detail("key", header.key.clone())
        .detail("bytes", bytes);
    let recorded = store.write(move |conn| {
        let event = event.clone();
        Box::pin(async move { audit::record(conn, &event, now).await })
    });
    Ok(recorded.await?)
}
