//! The keys as they are loaded: an immutable snapshot, asked with the time.

use std::sync::Arc;

use arc_swap::ArcSwap;
use josekit::jws::JwsVerifier;

use super::jwks::{self, Jwks};
use super::material;
use super::ring::KeyError;
use super::rotation::Lifetime;
use super::signer::Signer;
use crate::clock::Timestamp;
use crate::secret::{Purpose, Sealer};
use crate::store::signing_keys::{self, Algorithm, SigningKey};
use crate::store::{self, Store};

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Published, does not sign yet.
    Next,
    /// Signs.
    Active,
    /// Signs no more, still published.
    Retiring,
}

/// A key as operators see it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct KeyInfo {
    pub kid: String,
    pub algorithm: Algorithm,
    pub state: KeyState,
    pub created_at: Timestamp,
    pub active_at: Timestamp,
    pub retires_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

/// A key that is loaded.
#[derive(Clone)]
pub(super) struct LoadedKey {
    pub(super) lifetime: Lifetime,
    pub(super) signer: Arc<Signer>,
    pub(super) verifier: Arc<dyn JwsVerifier>,
}

impl LoadedKey {
    /// From a private key in the clear.
    pub(super) fn open(lifetime: Lifetime, der: &[u8]) -> Result<Self, KeyError> {
        let key = material::open(lifetime.algorithm, der)?;
        let signer = Signer::new(lifetime.algorithm, key.kid, key.public_jwk, key.signer);
        Ok(Self { lifetime, signer: Arc::new(signer), verifier: Arc::from(key.verifier) })
    }

    fn info(&self, now: Timestamp) -> KeyInfo {
        KeyInfo::new(self.signer.kid(), &self.lifetime, now)
    }
}

impl KeyInfo {
    fn new(kid: &str, lifetime: &Lifetime, now: Timestamp) -> Self {
        let state = if lifetime.is_retired(now) {
            KeyState::Retiring
        } else if lifetime.active_at > now {
            KeyState::Next
        } else {
            KeyState::Active
        };
        Self {
            kid: kid.to_owned(),
            algorithm: lifetime.algorithm,
            state,
            created_at: lifetime.created_at,
            active_at: lifetime.active_at,
            retires_at: lifetime.retires_at,
            expires_at: lifetime.expires_at,
        }
    }
}

/// The keys of a store that are in force in any way, without opening, making or dropping any.
///
/// # Errors
/// The store's.
pub async fn list(store: &Store, now: Timestamp) -> store::Result<Vec<KeyInfo>> {
    let mut keys: Vec<(String, Lifetime)> =
        signing_keys::list(&store.read()).await?.iter().map(|row| (row.kid.clone(), row.into())).collect();
    keys.retain(|(_, lifetime)| !lifetime.is_gone(now));
    keys.sort_by_key(|(_, lifetime)| (lifetime.algorithm, lifetime.active_at, lifetime.id));
    Ok(keys.iter().map(|(kid, lifetime)| KeyInfo::new(kid, lifetime, now)).collect())
}

/// All keys of one reading of the store.
pub(super) struct KeySet {
    /// Rises with every change: what was concluded from an older set has to be concluded again.
    pub(super) revision: u64,
    keys: Vec<LoadedKey>,
    jwks: ArcSwap<Jwks>,
}

impl KeySet {
    pub(super) fn new(revision: u64, mut keys: Vec<LoadedKey>, now: Timestamp) -> Self {
        // A fixed order keeps the JWKS and its entity tag the same on every replica.
        keys.sort_by_key(|key| (key.lifetime.algorithm, key.lifetime.active_at, key.lifetime.id));
        let jwks = ArcSwap::from_pointee(render(&keys, now));
        Self { revision, keys, jwks }
    }

    /// The rows as keys; those that `self` has already are not opened again.
    pub(super) fn successor(&self, rows: &[SigningKey], sealer: &Sealer, now: Timestamp) -> Result<Option<Self>, KeyError> {
        let unchanged = rows.len() == self.keys.len() && rows.iter().all(|row| self.keys.iter().any(|key| key.lifetime == row.into()));
        if unchanged {
            return Ok(None);
        }
        let load = |row: &SigningKey| match self.keys.iter().find(|key| key.lifetime.id == row.id) {
            Some(known) => Ok(LoadedKey { lifetime: row.into(), ..known.clone() }),
            None => unseal(row, sealer),
        };
        let keys = rows.iter().map(load).collect::<Result<_, _>>()?;
        Ok(Some(Self::new(self.revision + 1, keys, now)))
    }

    /// A key that is in force in any way: next, active or retiring.
    pub(super) fn find(&self, kid: &str, now: Timestamp) -> Option<&LoadedKey> {
        self.keys.iter().find(|key| key.signer.kid() == kid && !key.lifetime.is_gone(now))
    }

    /// The key that signs now. Where the clock was set back, or is behind that of the replica that made the keys, none does yet: then the one that will be
    /// first, which is published like the others.
    pub(super) fn signing(&self, algorithm: Algorithm, now: Timestamp) -> Option<&Arc<Signer>> {
        let keys = || self.keys.iter().filter(|key| key.lifetime.algorithm == algorithm);
        let signing = keys().filter(|key| key.lifetime.signs(now)).max_by_key(|key| key.lifetime.precedence());
        let first = || keys().filter(|key| key.lifetime.is_to_come(now)).min_by_key(|key| key.lifetime.precedence());
        signing.or_else(first).map(|key| &key.signer)
    }

    pub(super) fn list(&self, now: Timestamp) -> Vec<KeyInfo> {
        self.keys.iter().filter(|key| !key.lifetime.is_gone(now)).map(|key| key.info(now)).collect()
    }

    pub(super) fn jwks(&self, now: Timestamp) -> Arc<Jwks> {
        let rendered = self.jwks.load_full();
        if rendered.stale_at.is_none_or(|at| now < at) {
            return rendered;
        }
        let rendered = Arc::new(render(&self.keys, now));
        self.jwks.store(Arc::clone(&rendered));
        rendered
    }
}

fn render(keys: &[LoadedKey], now: Timestamp) -> Jwks {
    let published = || keys.iter().filter(|key| !key.lifetime.is_gone(now));
    jwks::render(published().map(|key| key.signer.public_jwk()), published().filter_map(|key| key.lifetime.expires_at).min())
}

/// Every key of the store opens: none would be missing at the next start.
///
/// # Errors
/// [`KeyError::Missing`] and the like; the store's.
pub(super) async fn check(store: &Store, sealer: &Sealer) -> Result<(), KeyError> {
    signing_keys::list(&store.read()).await?.iter().try_for_each(|row| unseal(row, sealer).map(drop))
}

fn unseal(row: &SigningKey, sealer: &Sealer) -> Result<LoadedKey, KeyError> {
    let opened = sealer.open_bytes(Purpose::SigningKey, row.id.as_bytes(), &row.sealed_private_key).map(zeroize::Zeroizing::new);
    let der = opened.ok_or_else(|| KeyError::unopened(sealer, &format!("signing key {}", row.kid), &row.sealed_private_key))?;
    let key = LoadedKey::open(row.into(), &der)?;
    if key.signer.kid() != row.kid {
        return Err(KeyError::Key(format!("signing key {} is not the key its row names", row.kid)));
    }
    Ok(key)
}
