//! The service's shared state, and how it is put together and served.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::account::password::Passwords;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Issuer};
use crate::keys::KeyRing;
use crate::oauth::client::ClientCache;
use crate::outbound::Outbound;
use crate::secret::Sealer;
use crate::store::Store;
use crate::tokens::access::Verifier;
use crate::web::Pages;

/// What every handler may borrow. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// The parts, made once.
pub struct Shared {
    pub config: Config,
    pub issuer: Issuer,
    pub clock: Arc<dyn Clock>,
    pub store: Store,
    pub sealer: Arc<Sealer>,
    pub keys: KeyRing,
    pub access_tokens: Verifier,
    pub clients: ClientCache,
    pub passwords: Passwords,
    pub pages: Pages,
    pub outbound: Outbound,
    /// Rung when a logout delivery is waiting.
    pub logout_waiting: Notify,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
