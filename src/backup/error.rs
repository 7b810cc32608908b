//! Why there is no backup, or it was not restored.

use std::path::PathBuf;

use crate::{keys, store};

/// In words for the operator; a sentence without a full stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}: {cause}")]
    File { path: PathBuf, cause: std::io::Error },
    /// The other end: a file, or the pipe that `-` stands for.
    #[error("the backup: {0}")]
    Stream(std::io::Error),
    #[error("this is not a backup of Vestibule")]
    Foreign,
    #[error("this backup was made by Vestibule {made_by} in a format that this program does not know: restore it with that version")]
    NewerFormat { made_by: String },
    #[error("this backup is sealed under the key-encryption key {key}, which is not in keys.directory: bring its file (*.kek) back")]
    NoKey { key: String },
    #[error("this backup is damaged: it was cut short, changed, or put together from several. Nothing was replaced")]
    Damaged,
    #[error("there is no database at {0}")]
    NoDatabase(PathBuf),
    #[error("{0} is there already: --force replaces it, and keeps it under another name")]
    Occupied(PathBuf),
    #[error("{0} belongs to the database itself: name another file for the backup")]
    Own(PathBuf),
    #[error("the database in this backup is not sound, and was not restored: {0}")]
    Unsound(String),
    #[error("the database in this backup was made by a newer version of Vestibule ({0}): restore it with that version")]
    NewerSchema(String),
    #[error("the key-encryption keys in keys.directory do not belong to this database")]
    WrongKey,
    #[error("another backup of this database is being made")]
    Twice,
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Keys(#[from] keys::KeyError),
}

impl Error {
    /// For `map_err` about a file of ours.
    pub(super) fn at(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |cause| Self::File { path: path.to_owned(), cause }
    }
}

pub type Result<T> = std::result::Result<T, Error>;
