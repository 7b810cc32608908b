//! The service's shared state, how it is put together, and how it is served.
//!
//! Owns: [`App`], [`App::open`], the listener, TLS, shutdown. Must not: answer requests (`routes` says who does).

mod internal;
mod open;
mod peers;
mod sample;
mod serve;
mod tls;
mod watch;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

pub use sample::{Sampled, sample};
pub use serve::{Server, serve};

use crate::account::password::Passwords;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Issuer};
use crate::health::Readiness;
use crate::keys::KeyRing;
use crate::mail::Mailer;
use crate::oauth::client::ClientCache;
use crate::oidc::discovery::Discovery;
use crate::outbound::Outbound;
use crate::ratelimit::bans::Bans;
use crate::ratelimit::edge::Edge;
use crate::ratelimit::refused::Refused;
use crate::secret::Sealer;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
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
    pub discovery: Discovery,
    pub passwords: Passwords,
    pub pages: Pages,
    pub outbound: Outbound,
    pub mailer: Mailer,
    pub edge: Edge,
    pub bans: Bans,
    pub refused: Refused,
    pub metrics: Metrics,
    pub sampled: Sampled,
    /// Open connections of the public listener.
    pub connections: AtomicUsize,
    pub readiness: Readiness,
    /// Rung when a logout delivery is waiting.
    pub logout_waiting: Notify,
    /// Rung when a mail is waiting.
    pub mail_waiting: Notify,
    /// Set when the process is told to stop: readiness says no, so that no new requests are sent here.
    pub draining: AtomicBool,
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

    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
