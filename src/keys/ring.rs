//! The key ring: what signs and verifies now, and how it is kept in step with the store.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use serde_json::{Map, Value};

use super::directory::KeyFileError;
use super::rotation::{Policy, Wish};
use super::set::{KeyInfo, KeySet};
use super::signer::Signer;
use super::upkeep::Upkeep;
use super::verify::{self, VerifyError};
use super::witness::Witness;
use super::{import, key_check, library};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::secret::Sealer;
use crate::store::signing_keys::{self, Algorithm, SigningKey};
use crate::store::{self, Store};

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    File(#[from] KeyFileError),
    #[error("the key-encryption key in {directory} is not the one this database was made with")]
    WrongKeyEncryptionKey { directory: String },
    #[error(
        "this program's OpenSSL was built without threads and would corrupt its memory; build the program as helm/image/build does, not with `-static` for everything"
    )]
    WithoutThreads,
    #[error("key: {0}")]
    Key(String),
}

/// All keys in force. Cheap to clone; the content is swapped when keys change.
#[derive(Clone)]
pub struct KeyRing(Arc<Ring>);

struct Ring {
    set: ArcSwap<KeySet>,
    clock: Arc<dyn Clock>,
    /// `None`: a ring of fixed keys, as unit tests use it.
    upkeep: Option<Upkeep>,
    created: Vec<KeyInfo>,
    /// When the store was last read for a key nobody here knew, in milliseconds.
    caught_up: AtomicI64,
}

/// Unknown keys and requests for the key set make a replica read the store at most this often: anybody can invent a `kid`.
const CATCH_UP_EVERY: Duration = Duration::from_secs(1);

/// How long a request for the key set waits for the store. Together they are well within [`super::rotation::NOTICE`].
const PATIENCE: Duration = Duration::from_millis(500);

impl KeyRing {
    /// Loads the ring from the store; makes what is missing: one active key per algorithm, each a key pair of its own, so that each has its
    /// own `kid`; and takes in `*.pem` files from the key directory. Refuses a key-encryption key that is not the database's.
    ///
    /// # Errors
    /// When the store fails or a key cannot be opened.
    pub async fn load(
        store: &Store,
        sealer: &Arc<Sealer>,
        config: &config::Keys,
        clock: &Arc<dyn Clock>,
        witness: Arc<dyn Witness>,
    ) -> Result<Self, KeyError> {
        library::check()?;
        key_check::check(store, sealer, &config.directory).await?;
        let upkeep = Upkeep { store: store.clone(), sealer: Arc::clone(sealer), policy: Policy::from(config), witness };
        let imported = upkeep.import(read_pem(config.directory.clone()).await?, clock.now()).await?;
        let (rows, mut made) = upkeep.settle(Wish::WhenDue, clock.now()).await?;
        made.extend(imported);
        let now = clock.now();
        let empty = KeySet::new(0, Vec::new(), now);
        let set = empty.successor(&rows, sealer, now)?.unwrap_or(empty);
        let created = infos(&set, &made, now);
        Ok(Self(Arc::new(Ring {
            set: ArcSwap::from_pointee(set),
            clock: Arc::clone(clock),
            upkeep: Some(upkeep),
            created,
            caught_up: AtomicI64::new(0),
        })))
    }

    /// The keys that `load` made or took in.
    #[must_use]
    pub fn created(&self) -> &[KeyInfo] {
        &self.0.created
    }

    /// Reads the store again, so that replicas agree: plans and makes the next keys when their time has come, drops those that are gone.
    /// Answers the keys it made.
    ///
    /// # Errors
    /// The store's, or a key that does not open; the ring stays as it was.
    pub async fn refresh(&self) -> Result<Vec<KeyInfo>, KeyError> {
        self.settle(Wish::WhenDue).await
    }

    /// Makes new keys now: they are published at once and sign after `publish_before_use`, or after a few seconds with `immediately`.
    /// Answers the new `kid`s.
    ///
    /// # Errors
    /// The store's, or OpenSSL's.
    pub async fn rotate(&self, immediately: bool) -> Result<Vec<String>, KeyError> {
        let made = self.settle(if immediately { Wish::Now } else { Wish::Soon }).await?;
        Ok(made.into_iter().map(|key| key.kid).collect())
    }

    /// For a key that may have fallen into wrong hands: it is gone at once, with everything it signed, and if it was in use another takes
    /// its place. `false`: there is no such key.
    ///
    /// # Errors
    /// The store's, or OpenSSL's.
    pub async fn revoke(&self, kid: &str) -> Result<bool, KeyError> {
        let Some(upkeep) = &self.0.upkeep else { return Ok(false) };
        let revoked = upkeep.revoke(kid, self.0.clock.now()).await?;
        self.settle(Wish::WhenDue).await?;
        Ok(revoked)
    }

    async fn settle(&self, wish: Wish) -> Result<Vec<KeyInfo>, KeyError> {
        let Some(upkeep) = &self.0.upkeep else { return Ok(Vec::new()) };
        let (rows, made) = upkeep.settle(wish, self.0.clock.now()).await?;
        self.adopt(&rows, &upkeep.sealer)?;
        Ok(infos(&self.0.set.load(), &made, self.0.clock.now()))
    }

    fn adopt(&self, rows: &[SigningKey], sealer: &Sealer) -> Result<(), KeyError> {
        if let Some(set) = self.0.set.load().successor(rows, sealer, self.0.clock.now())? {
            self.0.set.store(Arc::new(set));
        }
        Ok(())
    }

    /// For a token signed with a key this replica does not know: another one may have made it a moment ago. Reads the store, at most once a
    /// second; whether it is worth asking again.
    pub async fn catch_up(&self, token: &str, typ: Option<&str>) -> bool {
        self.verify(token, typ) == Err(VerifyError::UnknownKey) && self.read_again().await
    }

    /// The JWKS document and its entity tag, for relying parties: no replica may publish less than another signs with, so the store is read
    /// again, at most once a second. A store that is away or slow does not take the key set with it.
    pub async fn publish(&self) -> (bytes::Bytes, String) {
        let _ = tokio::time::timeout(PATIENCE, self.read_again()).await;
        self.jwks()
    }

    /// Whether the store was read: at most once in [`CATCH_UP_EVERY`].
    async fn read_again(&self) -> bool {
        let Some(upkeep) = &self.0.upkeep else { return false };
        let now = self.0.clock.now();
        let before = self.0.caught_up.load(Ordering::Relaxed);
        let due = now.since(Timestamp::from_millis(before)) >= CATCH_UP_EVERY;
        if !due || self.0.caught_up.compare_exchange(before, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return false;
        }
        match signing_keys::list(&upkeep.store.read()).await {
            Ok(rows) => self.adopt(&rows, &upkeep.sealer).is_ok(),
            Err(_) => false,
        }
    }

    /// The keys in force and their states.
    #[must_use]
    pub fn list(&self) -> Vec<KeyInfo> {
        self.0.set.load().list(self.0.clock.now())
    }

    /// The key that signs now.
    ///
    /// # Errors
    /// When there is none: this replica has not read the store for longer than a key is published before its use.
    pub fn signer(&self, algorithm: Algorithm) -> Result<Arc<Signer>, KeyError> {
        let set = self.0.set.load();
        set.signing(algorithm, self.0.clock.now()).cloned().ok_or_else(|| KeyError::Key(format!("no active key for {}", algorithm.name())))
    }

    /// Checks a compact JWS that claims to be ours: at most 8 KiB, `kid` one of ours, `alg` that key's, `typ` as expected (`None`: an
    /// ID token, which has none or `JWT`), no other header member. Answers the claims; `exp` and the rest are the caller's to check.
    ///
    /// # Errors
    /// Why it is not one of ours.
    pub fn verify(&self, token: &str, typ: Option<&str>) -> Result<Map<String, Value>, VerifyError> {
        verify::verify(&self.0.set.load(), token, typ, self.0.clock.now())
    }

    /// The JWKS document and its entity tag as this replica knows them, prerendered.
    #[must_use]
    pub fn jwks(&self) -> (bytes::Bytes, String) {
        let jwks = self.0.set.load().jwks(self.0.clock.now());
        (jwks.body.clone(), jwks.etag.clone())
    }

    /// Rises when keys change: a verification remembered from an earlier revision has to be made again.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.0.set.load().revision
    }

    /// A ring of keys that never change.
    #[cfg(test)]
    pub(super) fn fixed(set: KeySet, clock: &Arc<dyn Clock>) -> Self {
        Self(Arc::new(Ring {
            set: ArcSwap::from_pointee(set),
            clock: Arc::clone(clock),
            upkeep: None,
            created: Vec::new(),
            caught_up: AtomicI64::new(0),
        }))
    }
}

fn infos(set: &KeySet, kids: &[String], now: crate::clock::Timestamp) -> Vec<KeyInfo> {
    set.list(now).into_iter().filter(|key| kids.contains(&key.kid)).collect()
}

/// Files and OpenSSL, away from the async threads.
async fn read_pem(directory: PathBuf) -> Result<Vec<import::Imported>, KeyError> {
    let read = tokio::task::spawn_blocking(move || import::read_all(&directory));
    read.await.map_err(|error| KeyError::Key(error.to_string()))?
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
