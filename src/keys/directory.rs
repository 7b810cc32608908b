//! Key-encryption keys in files.

use std::path::{Path, PathBuf};

use crate::secret::KeyEncryptionKey;

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{path}: {detail}")]
    File { path: PathBuf, detail: String },
}

/// Reads `*.kek` (64 hexadecimal digits or 32 raw bytes) from `directory`, the last name in alphabetical order first: it seals.
/// Makes the directory (0700) and a first key (0600; temporary file, fsync, rename, fsync of the directory) when there is none and
/// `create` is set.
///
/// # Errors
/// Naming the file: unreadable, of the wrong length, or readable by others.
pub fn load_key_encryption_keys(directory: &Path, create: bool) -> Result<Vec<KeyEncryptionKey>, KeyFileError> {
    todo!()
}
