//! Address ranges that an operator keeps out: read from the database once a second at most, and asked of memory for every request.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ipnet::IpNet;

use crate::clock::Timestamp;
use crate::store::{Store, bans};

/// A ban, or its end, holds everywhere after this time.
const FRESH: Duration = Duration::from_secs(1);

/// A request waits for the database no longer than this; then it is judged by what was known before.
const PATIENCE: Duration = Duration::from_millis(200);

/// The ranges that are banned, as far as this process knows.
#[derive(Clone)]
pub struct Bans(Arc<Shared>);

struct Shared {
    store: Store,
    ranges: RwLock<Vec<(IpNet, Timestamp)>>,
    /// When they were last asked for, in milliseconds.
    asked_at: AtomicI64,
}

impl Bans {
    /// With what is banned now: a process that starts keeps out whom the others keep out.
    pub async fn load(store: &Store, now: Timestamp) -> Self {
        let shared = Shared { store: store.clone(), ranges: RwLock::default(), asked_at: AtomicI64::new(now.millis()) };
        shared.read(now).await;
        Self(Arc::new(shared))
    }

    /// Whether this address is kept out. One caller in a second asks the database; the others are answered at once.
    pub async fn holds(&self, address: IpAddr, now: Timestamp) -> bool {
        if self.is_due(now) {
            // On a task of its own: that the caller goes away must not leave the list old.
            let (shared, asking) = (Arc::clone(&self.0), now);
            let reading = tokio::spawn(async move { shared.read(asking).await });
            let _ = tokio::time::timeout(PATIENCE, reading).await;
        }
        let address = address.to_canonical();
        let ranges = self.0.ranges.read().unwrap_or_else(PoisonError::into_inner);
        ranges.iter().any(|(range, until)| now < *until && range.contains(&address))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let asked = self.0.asked_at.load(Ordering::Acquire);
        // A clock that was set back must not keep the list old.
        let fresh = (0..i64::try_from(FRESH.as_millis()).unwrap_or(i64::MAX)).contains(&now.millis().saturating_sub(asked));
        !fresh && self.0.asked_at.compare_exchange(asked, now.millis(), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Shared {
    async fn read(&self, now: Timestamp) {
        match bans::list(&self.store.read(), now).await {
            Ok(list) => {
                let ranges = list.iter().filter_map(|ban| Some((ban.range.parse().ok()?, ban.expires_at))).collect();
                *self.ranges.write().unwrap_or_else(PoisonError::into_inner) = ranges;
            }
            // What was known before goes on to hold.
            Err(error) => tracing::warn!(%error, "the banned addresses cannot be read"),
        }
    }
}
