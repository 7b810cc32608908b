//! Names become addresses here, and the connection is made to exactly those: there is no second look-up that could answer differently.

use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Guard;

/// A name that means an address which may not be called.
#[derive(Debug, thiserror::Error)]
#[error("an address that may not be called")]
pub(super) struct Forbidden;

pub(super) struct GuardedResolver {
    guard: Arc<Guard>,
}

impl GuardedResolver {
    pub(super) const fn new(guard: Arc<Guard>) -> Self {
        Self { guard }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One forbidden address forbids the name: whoever mixes them is trying something.
            if !addresses.iter().all(|address| guard.permits(address.ip())) {
                return Err(Forbidden.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
