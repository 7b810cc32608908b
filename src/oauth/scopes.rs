//! Scopes beside the standard ones, as the endpoints see them: in memory, for a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;

use crate::store::{self, Store, scopes};
use crate::tokens::Scope;
use crate::tokens::custom_scope::Scopes;

/// A change on another replica is seen after this long.
const LIFE: Duration = Duration::from_secs(1);
/// How long discovery waits for the store.
const PATIENCE: Duration = Duration::from_millis(500);

/// All of them, read with one statement and kept for a second; dropped at once when they change here.
pub struct ScopeCache {
    store: Store,
    fresh: Cache<(), Arc<Scopes>>,
    /// Somebody has asked for [`last_known`](Self::last_known) within this second.
    asked: Cache<(), ()>,
    /// The last that could be read, however long ago.
    last: Mutex<Arc<Scopes>>,
    /// Counts what was forgotten: what was read before that and put in after it must go again.
    forgotten: AtomicU64,
}

impl ScopeCache {
    #[must_use]
    pub fn new(store: Store) -> Self {
        let fresh = Cache::builder().max_capacity(1).time_to_live(LIFE).build();
        let asked = Cache::builder().max_capacity(1).time_to_live(LIFE).build();
        Self { store, fresh, asked, last: Mutex::default(), forgotten: AtomicU64::new(0) }
    }

    /// At most a second old.
    ///
    /// # Errors
    /// The store's.
    pub async fn all(&self) -> store::Result<Arc<Scopes>> {
        if let Some(scopes) = self.fresh.get(&()) {
            return Ok(scopes);
        }
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let read = Scopes::of(scopes::list(&self.store.read()).await?);
        let scopes = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if **last != read {
                *last = Arc::new(read);
            }
            Arc::clone(&last)
        };
        self.fresh.insert((), Arc::clone(&scopes));
        if self.forgotten.load(Ordering::SeqCst) != forgotten {
            self.fresh.invalidate(&());
        }
        Ok(scopes)
    }

    /// As [`all`](Self::all); while the database is away or slow, what it said last. For what is only said, and given to nobody: one request in a second
    /// asks, and does not wait for long.
    pub async fn last_known(&self) -> Arc<Scopes> {
        if let Some(scopes) = self.fresh.get(&()) {
            return scopes;
        }
        if self.asked.get(&()).is_none() {
            self.asked.insert((), ());
            if let Ok(Ok(scopes)) = tokio::time::timeout(PATIENCE, self.all()).await {
                return scopes;
            }
        }
        Arc::clone(&self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.asked.invalidate(&());
        self.fresh.invalidate(&());
    }
}

/// One token is for one API beside us: another could use it there (RFC 9068 §3, §5).
///
/// # Errors
/// What to tell the application.
pub fn check_audience(scopes: &Scopes, scope: &Scope) -> Result<(), String> {
    let audiences: Vec<&str> = scopes.audiences(scope).into_iter().collect();
    if audiences.len() < 2 {
        return Ok(());
    }
    Err(format!("the scope is for more than one API ({}): ask for each in a request of its own", audiences.join(", ")))
}
