//! How many connections each address has: one client must not take all of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::current::Current;
use crate::web::address;

/// Open connections by address class. No larger than there are connections: an address without any has no entry.
pub(super) struct Peers {
    current: Arc<Current>,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that is counted until this is dropped.
pub(super) struct Entered {
    peers: Arc<Peers>,
    class: IpAddr,
}

impl Peers {
    pub(super) fn new(current: &Arc<Current>) -> Arc<Self> {
        Arc::new(Self { current: Arc::clone(current), open: Mutex::default() })
    }

    /// Counts a connection; none: its address has `server.max_connections_per_address` already. Trusted proxies, behind which everybody is, have no limit of
    /// their own.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Entered> {
        let (class, app) = (address::class(peer), self.current.app());
        let server = &app.config.server;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(class).or_default();
        if *count >= server.max_connections_per_address && !server.trusted_proxies.contains(peer) {
            app.metrics.connection_refused();
            return None;
        }
        *count += 1;
        app.connections.fetch_add(1, Ordering::Relaxed);
        Some(Entered { peers: Arc::clone(self), class })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.peers.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.class) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.class);
            }
        }
        self.peers.current.app().connections.fetch_sub(1, Ordering::Relaxed);
    }
}
