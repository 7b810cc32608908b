//! Rings of fixed keys for unit tests, without a store. (Rings of a real store: the tests of `upkeep`.)

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::material::{self, Pkcs8};
use super::ring::KeyRing;
use super::rotation::Lifetime;
use super::set::{KeySet, LoadedKey};
use super::{Algorithm, Change, Witness, thumbprint};
use crate::clock::{Clock, TestClock, Timestamp};
use crate::secret;
use crate::store::{self, BoxFuture, Conn};

/// When the tests of this room and of `tokens` begin.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_800_000_000);

pub(crate) fn clock() -> Arc<TestClock> {
    Arc::new(TestClock::at(START))
}

/// One active key per algorithm, the same in every test of this process: RSA keys take long to make.
pub(crate) fn ring(clock: &Arc<TestClock>) -> KeyRing {
    let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(clock);
    KeyRing::fixed(set(&lifetimes()), &clock)
}

pub(super) fn lifetimes() -> Vec<Lifetime> {
    let lifetime =
        |algorithm| Lifetime { id: secret::id(START), algorithm, created_at: START, active_at: START, retires_at: None, expires_at: None };
    Algorithm::ALL.into_iter().map(lifetime).collect()
}

/// Keys with these times; keys of the same algorithm are the same key.
pub(super) fn set(lifetimes: &[Lifetime]) -> KeySet {
    static KEYS: OnceLock<Vec<(Algorithm, Pkcs8)>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| Algorithm::ALL.map(|algorithm| (algorithm, material::generate(algorithm).unwrap())).into());
    let open = |lifetime: &Lifetime| {
        let (_, der) = keys.iter().find(|(algorithm, _)| *algorithm == lifetime.algorithm).unwrap();
        LoadedKey::open(*lifetime, der).unwrap()
    };
    KeySet::new(1, lifetimes.iter().map(open).collect(), START)
}

/// A key pair that is not in the ring.
pub(super) fn stranger(algorithm: Algorithm) -> LoadedKey {
    let lifetime = Lifetime { id: secret::id(START), algorithm, created_at: START, active_at: START, retires_at: None, expires_at: None };
    let key = LoadedKey::open(lifetime, &material::generate(algorithm).unwrap()).unwrap();
    assert!(thumbprint::of(key.signer.public_jwk().as_object().unwrap()).is_some());
    key
}

/// Keeps what it is told; refuses when told to.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) changes: Mutex<Vec<Change>>,
    pub(crate) refuses: AtomicBool,
}

impl Witness for Notes {
    fn record<'c>(&'c self, conn: &'c Conn<'c>, change: Change, _now: Timestamp) -> BoxFuture<'c, store::Result<()>> {
        Box::pin(async move {
            if self.refuses.load(Ordering::Relaxed) {
                return Err(store::Error::Conflict);
            }
            let _ = conn;
            self.changes.lock().unwrap().push(change);
            Ok(())
        })
    }
}
