//! Signing keys brought along: `*.pem` in the key directory.

use std::path::{Path, PathBuf};

use super::directory::KeyFileError;
use super::file;
use super::material::{self, Pkcs8};
use super::ring::KeyError;
use crate::store::signing_keys::Algorithm;

/// A private key from a file.
pub(super) struct Imported {
    pub(super) algorithm: Algorithm,
    pub(super) der: Pkcs8,
    pub(super) kid: String,
}

/// The private keys in the directory, in alphabetical order of their files. A directory that is not there has none.
///
/// # Errors
/// Naming the file: readable by others, or not a private key we can sign with.
pub(super) fn read_all(directory: &Path) -> Result<Vec<Imported>, KeyError> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    file::list(directory, "pem")?.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Result<Imported, KeyError> {
    let pem = file::read_private(&path)?;
    let Some((algorithm, der)) = material::from_pem(&pem) else {
        let detail = "must be one private key in PEM without a passphrase: RSA of at least 2048 bits, P-256 or Ed25519".to_owned();
        return Err(KeyFileError::File { path, detail }.into());
    };
    let kid = material::open(algorithm, &der)?.kid;
    Ok(Imported { algorithm, der, kid })
}
