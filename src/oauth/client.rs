//! Clients as the protocol sees them: the cache, and the rules for their metadata (RFC 7591 §2).

use std::sync::Arc;

use crate::store::clients::{Client, Metadata};
use crate::store::{self, Store};

/// Clients by id with a short life, dropped at once when they change here.
pub struct ClientCache {}

impl ClientCache {
    #[must_use]
    pub fn new(store: Store) -> Self {
        todo!()
    }

    /// An enabled or disabled client, at most a second old.
    ///
    /// # Errors
    /// The store's.
    pub async fn find(&self, client_id: &str) -> store::Result<Option<Arc<Client>>> {
        todo!()
    }

    pub fn forget(&self, client_id: &str) {
        todo!()
    }
}

/// A rule a client's metadata breaks: the member, and what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {problem}")]
pub struct MetadataProblem {
    pub member: &'static str,
    pub problem: String,
}

/// Every rule, every problem: redirect URIs absolute, without fragment, https or loopback http or a private-use scheme (RFC 8252); no PKCE
/// exemption for public clients; `response_types` only `code`; scopes known; ….
///
/// # Errors
/// All problems found.
pub fn check_metadata(metadata: &Metadata) -> Result<(), Vec<MetadataProblem>> {
    todo!()
}

/// A new client secret: 256 random bits with the prefix `vst_cs_`.
#[must_use]
pub fn new_secret() -> crate::secret::Secret<String> {
    todo!()
}
