//! Clients in memory, for a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use crate::store::clients::{self, Client};
use crate::store::{self, Store};

/// A change on another replica is seen after this long.
const LIFE: Duration = Duration::from_secs(1);
const CAPACITY: u64 = 10_000;

/// Clients by id with a short life, dropped at once when they change here. Unknown ids are not remembered: anybody can invent them,
/// and a client just added must be there.
pub struct ClientCache {
    store: Store,
    entries: Cache<String, Arc<Client>>,
    /// Counts what was forgotten: a client read before that and put in after it must go again.
    forgotten: AtomicU64,
}

impl ClientCache {
    #[must_use]
    pub fn new(store: Store) -> Self {
        let entries = Cache::builder().max_capacity(CAPACITY).time_to_live(LIFE).build();
        Self { store, entries, forgotten: AtomicU64::new(0) }
    }

    /// An enabled or disabled client, at most a second old.
    ///
    /// # Errors
    /// The store's.
    pub async fn find(&self, client_id: &str) -> store::Result<Option<Arc<Client>>> {
        if let Some(client) = self.entries.get(client_id) {
            return Ok(Some(client));
        }
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let Some(client) = clients::find(&self.store.read(), client_id).await?.map(Arc::new) else {
            return Ok(None);
        };
        self.entries.insert(client_id.to_owned(), Arc::clone(&client));
        if self.forgotten.load(Ordering::SeqCst) != forgotten {
            self.entries.invalidate(client_id);
        }
        Ok(Some(client))
    }

    pub fn forget(&self, client_id: &str) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate(client_id);
    }
}
