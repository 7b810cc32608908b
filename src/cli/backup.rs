//! `backup` and `restore`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::database;
use super::failure::Failure;
use super::moment::rfc3339;
use super::output::{self, Answer};
use crate::backup::{self, Header, Made, Restored, Target};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::Config;
use crate::keys;
use crate::secret::Sealer;
use crate::store;
use crate::store::restored::Ended;

const DUMP: &str = "This database is PostgreSQL, which is backed up with its own tools, while the service runs:\n\
    \n    pg_dump --format=custom --no-owner --file=FILE \"$DATABASE_URL\"\n\
    \nwith the value of database.url for $DATABASE_URL. The dump is not encrypted: keep it as closed as the database. The key-encryption keys \
    (keys.directory) are not in it: keep them apart from it. docs/backup.md has the whole procedure.";
const RESTORE: &str = "This database is PostgreSQL, which is restored with its own tools. Stop every replica, make a new, empty database, then:\n\
    \n    pg_restore --no-owner --single-transaction --exit-on-error --dbname=\"$DATABASE_URL\" FILE\
    \n    vestibule restore --finish\n\
    \nwith the URL of that database as $DATABASE_URL and as database.url. The second command checks what came back and ends what could be used a second time: do not \
    start the service before it.";

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// A new file, readable by you alone; `-` for standard output.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the file if it is there.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// What `backup` made; `-` for standard input.
    #[arg(value_name = "FILE", required_unless_present = "finish")]
    file: Option<PathBuf>,
    /// Replace the database that is there. It is kept beside the new one, as `….before-restore-…`.
    #[arg(long, conflicts_with = "finish")]
    force: bool,
    /// After pg_restore, or after a snapshot of the disk was brought back: check the database as it is, and end what could be used a second time.
    #[arg(long, conflicts_with = "file")]
    finish: bool,
}

pub(super) async fn back_up(arguments: Backup, config: &Config) -> Result<Answer, Failure> {
    let Some(path) = store::path(&config.database)? else { return Err(Failure::new(DUMP)) };
    if !path.exists() {
        return Err(backup::Error::NoDatabase(path).into());
    }
    let sealer = sealer(config)?;
    let to_stream = arguments.file == Path::new("-");
    let target = if to_stream {
        Target::Stream(Box::new(output::stream()))
    } else {
        Target::File { path: arguments.file.clone(), replace: arguments.force }
    };
    let store = database::connect(config).await?;
    let made = backup::make(&store, &sealer, &path, target, SystemClock.now()).await;
    store.close().await;
    let made = made?;
    Ok(if to_stream { Answer::said() } else { report(&arguments.file, &made) })
}

fn report(file: &Path, made: &Made) -> Answer {
    let Header { key, schema, .. } = &made.header;
    let text = format!(
        "Backed up {} bytes of the database to {}.\nIt opens with the key-encryption key {key} alone, which is not in it: keep a copy of keys.directory in another place.",
        made.bytes,
        file.display(),
    );
    Answer::new(text, &json!({ "file": file, "bytes": made.bytes, "key": key, "schema": schema, "made_at": made_at(&made.header) }))
}

fn made_at(header: &Header) -> String {
    rfc3339(Timestamp::from_secs(header.made_at))
}

pub(super) async fn restore(arguments: Restore, config: &Config) -> Result<Answer, Failure> {
    let now = SystemClock.now();
    let sealer = sealer(config)?;
    if arguments.finish {
        return finish(config, &sealer, now).await;
    }
    let Some(path) = store::path(&config.database)? else { return Err(Failure::new(RESTORE)) };
    let file = arguments.file.unwrap_or_else(|| PathBuf::from("-"));
    let input: Box<dyn Read + Send> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(&file).map_err(|error| Failure::new(format!("{}: {error}.", file.display())))?)
    };
    let restored = backup::restore(&config.database, &path, &sealer, input, (arguments.force, now)).await?;
    Ok(describe(&path, &restored))
}

/// Alone on SQLite; PostgreSQL cannot be asked who else is there for sure.
async fn finish(config: &Config, sealer: &Sealer, now: Timestamp) -> Result<Answer, Failure> {
    if let Some(path) = store::path(&config.database)? {
        if !path.exists() {
            return Err(backup::Error::NoDatabase(path).into());
        }
        drop(store::claim(&path)?);
    }
    let store = database::connect(config).await?;
    let ended = backup::finish(&store, sealer, now).await;
    store.close().await;
    let ended = ended?;
    let text = format!("The database is sound and belongs to these keys.\n{}", consequences(&ended));
    Ok(Answer::new(text, &json!({ "finished": true, "ended": counts(&ended) })))
}

fn describe(path: &Path, restored: &Restored) -> Answer {
    let Restored { header, ended, kept } = restored;
    let mut lines = vec![format!("Restored {} to the state of {}.", path.display(), made_at(header))];
    lines.push(consequences(ended));
    lines.extend(
        kept.as_ref().map(|kept| format!("The database that was there is kept as {}: remove it when you are satisfied.", kept.display())),
    );
    let json = json!({
        "database": path,
        "made_at": made_at(header),
        "made_by": header.made_by,
        "schema": header.schema,
        "kept": kept,
        "ended": counts(ended),
    });
    Answer::new(lines.join("\n"), &json)
}

fn consequences(ended: &Ended) -> String {
    format!(
        "Ended: {} sessions and {} grants; {} mails that waited will not be sent. Everybody signs in again. What was done since (passwords changed, keys \
         revoked, accounts locked or removed) is undone: do it again where it matters.",
        ended.sessions, ended.grants, ended.mails
    )
}

fn counts(ended: &Ended) -> serde_json::Value {
    json!({ "people": ended.people, "sessions": ended.sessions, "grants": ended.grants, "mails": ended.mails })
}

/// From the files alone: a backup never makes a key.
fn sealer(config: &Config) -> Result<Arc<Sealer>, Failure> {
    let keys = keys::load_key_encryption_keys(&config.keys.directory, false)?;
    Ok(Arc::new(Sealer::new(&keys)?))
}

#[cfg(test)]
#[path = "backup_tests.rs"]
mod tests;
