//! Names become addresses here, and the connection is made to exactly those: there is no second look-up that could answer differently.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Guard;

/// A name that means an address which may not be called.
#[derive(Debug, thiserror::Error)]
#[error("an address that may not be called")]
pub(super) struct Forbidden;

type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Who says what a name means now.
type LookUp = fn(String) -> Looking;

pub(super) struct GuardedResolver<L = LookUp> {
    guard: Arc<Guard>,
    look_up: L,
}

impl GuardedResolver {
    /// Asks the machine's own resolver.
    pub(super) const fn new(guard: Arc<Guard>) -> Self {
        Self { guard, look_up: system }
    }
}

fn system(name: String) -> Looking {
    Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
}

impl<L: Fn(String) -> Looking + Send + Sync> Resolve for GuardedResolver<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, looking) = (Arc::clone(&self.guard), (self.look_up)(name.as_str().to_owned()));
        Box::pin(async move {
            let addresses = looking.await?;
            // One forbidden address forbids the name: whoever mixes them is trying something.
            if !addresses.iter().all(|address| guard.permits(address.ip())) {
                return Err(Forbidden.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
#[path = "resolver_tests.rs"]
mod tests;
