//! The pepper of recovery codes: made once, kept in the database under the key-encryption key, the same for all replicas and for ever.
//!
//! It is no key-encryption key itself: what is digested cannot be digested again, and older keys are to be taken away one day.

use super::ring::KeyError;
use crate::secret::{Pepper, Purpose, Sealer, random_bytes};
use crate::store::{Store, settings};

/// The setting that holds it.
pub(super) const NAME: &str = "recovery-code-pepper";

/// The one that is there, or a new one. Sealed again under the newest key at each start, as the proof of the key is.
///
/// # Errors
/// It does not open under any of the keys; the store's.
pub async fn load(store: &Store, sealer: &Sealer) -> Result<Pepper, KeyError> {
    let kept = match settings::find(&store.read(), NAME).await? {
        Some(kept) => kept,
        None => insert(store, seal(sealer, &random_bytes::<32>())).await?,
    };
    let opened = sealer.open_bytes(Purpose::Pepper, NAME.as_bytes(), &kept);
    let key: [u8; 32] =
        opened.and_then(|key| key.try_into().ok()).ok_or_else(|| KeyError::unopened(sealer, "pepper of recovery codes", &kept))?;
    if !sealer.is_current(&kept) {
        let renewed = seal(sealer, &key);
        store
            .write(move |conn| {
                let renewed = renewed.clone();
                Box::pin(async move { settings::update(conn, NAME, &renewed).await })
            })
            .await?;
    }
    Ok(Pepper::new(key))
}

async fn insert(store: &Store, sealed: Vec<u8>) -> Result<Vec<u8>, KeyError> {
    let inserted = store.write(move |conn| {
        let sealed = sealed.clone();
        Box::pin(async move { settings::insert_if_absent(conn, NAME, &sealed).await })
    });
    Ok(inserted.await?)
}

fn seal(sealer: &Sealer, key: &[u8]) -> Vec<u8> {
    sealer.seal_bytes(Purpose::Pepper, NAME.as_bytes(), key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::KeyEncryptionKey;
    use crate::{config, secret};

    fn sealer(keys: &[u8]) -> Sealer {
        let keys: Vec<KeyEncryptionKey> = keys.iter().map(|key| KeyEncryptionKey::new([*key; 32])).collect();
        Sealer::new(&keys).unwrap()
    }

    #[tokio::test]
    async fn is_the_same_for_every_replica_and_outlives_a_key() {
        let directory = tempfile::tempdir().unwrap();
        let url = secret::Secret::new(format!("sqlite://{}", directory.path().join("pepper.db").display()));
        let store = Store::connect(&config::Database { url, ..config::Database::default() }).await.unwrap();
        store.migrate_up().await.unwrap();
        let starts = (0..4).map(|_| async { load(&store, &sealer(&[1])).await.unwrap().digest(b"x") });
        let digests = futures_util::future::join_all(starts).await;
        assert!(digests.iter().all(|digest| *digest == digests[0]), "whoever starts first makes it for all");
        assert_eq!(load(&store, &sealer(&[2, 1])).await.unwrap().digest(b"x"), digests[0]);
        assert_eq!(load(&store, &sealer(&[2])).await.unwrap().digest(b"x"), digests[0], "the old key may go");
        let (lost, missing) = (KeyEncryptionKey::new([2; 32]).id(), load(&store, &sealer(&[1])).await.err().unwrap().to_string());
        assert!(missing.contains(&lost) && missing.contains("keys rewrap"), "{missing}");
    }
}
