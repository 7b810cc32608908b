//! Proof that a key-encryption key belongs to a database.
//!
//! Without it a service started with a new, empty key directory would run on: it could open neither its signing keys nor anybody's refresh
//! token, and would quietly make new keys that the other replicas cannot open.

use std::path::Path;

use super::ring::KeyError;
use super::{pepper, set};
use crate::secret::{Purpose, Sealer};
use crate::store::{Store, settings};

/// The setting that holds it.
pub(super) const NAME: &str = "key-check";
const CONTENT: &[u8] = b"vestibule";

/// Compares; on a database without the proof, makes it. Seals it again under the newest key, so that older ones can be taken away one day.
///
/// # Errors
/// [`KeyError::WrongKeyEncryptionKey`], or the store's.
pub async fn check(store: &Store, sealer: &Sealer, directory: &Path) -> Result<(), KeyError> {
    let proof = match settings::find(&store.read(), NAME).await? {
        Some(proof) => proof,
        None => insert(store, sealer).await?,
    };
    if sealer.open_bytes(Purpose::KeyCheck, NAME.as_bytes(), &proof).as_deref() != Some(CONTENT) {
        return Err(KeyError::WrongKeyEncryptionKey { directory: directory.display().to_string() });
    }
    if !sealer.is_current(&proof) {
        let renewed = seal(sealer);
        store
            .write(move |conn| {
                let renewed = renewed.clone();
                Box::pin(async move { settings::update(conn, NAME, &renewed).await })
            })
            .await?;
    }
    Ok(())
}

/// Before these keys take the place of others: with them the service could start. What is small and needed at every start is sealed again under the newest.
///
/// # Errors
/// [`KeyError::WrongKeyEncryptionKey`]; [`KeyError::Missing`], and nothing is sealed again; the store's.
pub async fn check_start(store: &Store, sealer: &Sealer, directory: &Path) -> Result<(), KeyError> {
    if !belongs(store, sealer).await? {
        return Err(KeyError::WrongKeyEncryptionKey { directory: directory.display().to_string() });
    }
    set::check(store, sealer).await?;
    pepper::load(store, sealer).await?;
    check(store, sealer, directory).await
}

/// Whether the keys are those of this database; of one without the proof, any are. Changes nothing.
///
/// # Errors
/// The store's.
pub async fn belongs(store: &Store, sealer: &Sealer) -> Result<bool, KeyError> {
    let proof = settings::find(&store.read(), NAME).await?;
    Ok(proof.is_none_or(|proof| sealer.open_bytes(Purpose::KeyCheck, NAME.as_bytes(), &proof).as_deref() == Some(CONTENT)))
}

async fn insert(store: &Store, sealer: &Sealer) -> Result<Vec<u8>, KeyError> {
    let proof = seal(sealer);
    let inserted = store.write(move |conn| {
        let proof = proof.clone();
        Box::pin(async move { settings::insert_if_absent(conn, NAME, &proof).await })
    });
    Ok(inserted.await?)
}

fn seal(sealer: &Sealer) -> Vec<u8> {
    sealer.seal_bytes(Purpose::KeyCheck, NAME.as_bytes(), CONTENT)
}
