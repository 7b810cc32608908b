//! Putting a backup in the database's place.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Error, Result};
use super::finish::finish;
use super::format;
use super::header::Header;
use super::place::{Workplace, beside, make_directory, replace};
use crate::clock::Timestamp;
use crate::config;
use crate::secret::{Sealer, Secret};
use crate::store::restored::Ended;
use crate::store::{self, Store};

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    pub header: Header,
    pub ended: Ended,
    /// Where the database is that was there before.
    pub kept: Option<PathBuf>,
}

/// Opens the backup beside the database, checks it there, ends what must not come back, and only then puts it in the place of the database at `path`, which is
/// kept under another name. Refused while anybody has that open.
///
/// # Errors
/// Why nothing was replaced.
pub async fn restore(
    settings: &config::Database,
    path: &Path,
    sealer: &Arc<Sealer>,
    input: Box<dyn Read + Send>,
    (force, now): (bool, Timestamp),
) -> Result<Restored> {
    make_directory(path)?;
    let _alone = store::claim(path)?;
    let work = Workplace::create(beside(path, ".restoring"))?;
    let there = std::fs::metadata(path).is_ok_and(|found| found.len() > 0);
    if there && !force {
        return Err(Error::Occupied(path.to_owned()));
    }
    if there {
        store::fold_log(path).await?;
    }
    let new = work.0.join("vestibule.db");
    let header = open(sealer, input, &new).await?;
    let ended = check(settings, &new, sealer, now).await?;
    let kept = there.then(|| beside(path, &format!(".before-restore-{}", now.millis())));
    std::fs::File::open(&new).and_then(|file| file.sync_all()).map_err(Error::at(&new))?;
    replace(path, &new, kept.as_deref())?;
    Ok(Restored { header, ended, kept })
}

/// The plain database, complete and authentic, at `new`.
async fn open(sealer: &Arc<Sealer>, mut input: Box<dyn Read + Send>, new: &Path) -> Result<Header> {
    let (sealer, new) = (Arc::clone(sealer), new.to_owned());
    let work = tokio::task::spawn_blocking(move || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(Error::at(&new))?;
        format::open(&sealer, &mut input, &mut file)
    });
    work.await.map_err(|error| Error::Stream(std::io::Error::other(error)))?
}

async fn check(settings: &config::Database, new: &Path, sealer: &Sealer, now: Timestamp) -> Result<Ended> {
    let name = new.to_str().ok_or_else(|| Error::NoDatabase(new.to_owned()))?;
    let settings = config::Database { url: Secret::new(format!("sqlite://{name}")), ..settings.clone() };
    // What is no database at all is not the store's fault.
    let store = Store::connect(&settings).await.map_err(|error| Error::Unsound(error.to_string()))?;
    let ended = finish(&store, sealer, now).await;
    store.close().await;
    ended
}
