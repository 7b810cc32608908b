//! The service's shared state, how it is put together, and how it is served.
//!
//! Owns: [`App`], [`App::open`], the listener, TLS, what is read again while the service runs, what the service manager is told, shutdown. Must not: answer requests (`routes` says who does).

mod certificate;
mod connections;
mod current;
mod internal;
mod notify;
mod open;
mod peers;
mod reload;
mod sample;
mod serve;
mod stage;
mod tls;
mod watch;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

pub use certificate::{Left, Validity};
pub use reload::Origin;
pub use sample::{Sampled, sample};
pub use serve::{Server, serve};
pub use stage::Stage;
pub use tls::Tls;

use crate::account::password::Passwords;
use crate::audit::Event;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Issuer};
use crate::health::Readiness;
use crate::keys::KeyRing;
use crate::mail::Mailer;
use crate::oauth::client::{ClientCache, ClientKeySets};
use crate::oauth::scopes::ScopeCache;
use crate::oauth::unanswered::Unanswered;
use crate::oidc::discovery::Discovery;
use crate::outbound::Outbound;
use crate::ratelimit::bans::Bans;
use crate::ratelimit::edge::Edge;
use crate::ratelimit::noted::Noted;
use crate::ratelimit::refused::Refused;
use crate::ratelimit::tally::Tally;
use crate::secret::{Pepper, Sealer};
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::tokens::access::Verifier;
use crate::web::Pages;

/// What every handler may borrow. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// The parts. Those that change with the settings are made anew for another [`App`] that takes this one's place; all others are shared by both.
#[derive(Clone)]
pub struct Shared {
    pub config: Config,
    pub issuer: Issuer,
    pub clock: Arc<dyn Clock>,
    pub store: Store,
    pub sealer: Arc<Sealer>,
    /// Under what recovery codes are digested.
    pub pepper: Pepper,
    pub keys: KeyRing,
    pub access_tokens: Arc<Verifier>,
    pub clients: Arc<ClientCache>,
    /// With which clients sign assertions.
    pub client_keys: Arc<ClientKeySets>,
    pub scopes: Arc<ScopeCache>,
    pub unanswered: Unanswered,
    pub discovery: Discovery,
    pub passwords: Passwords,
    pub pages: Pages,
    pub outbound: Outbound,
    pub mailer: Arc<Mailer>,
    pub edge: Arc<Edge>,
    pub bans: Bans,
    /// Passwords that strangers do not try now.
    pub refused: Arc<Refused>,
    /// Clients that failed at an address a short while ago.
    pub client_guesses: Arc<Noted>,
    /// Clients that have nothing left over all addresses.
    pub clients_spent: Arc<Refused>,
    /// Failed authentications of clients that are not in the audit log yet.
    pub client_failures: Arc<Tally<Event>>,
    pub metrics: Metrics,
    pub sampled: Sampled,
    /// Open connections of the public listener.
    pub connections: Arc<AtomicUsize>,
    pub readiness: Arc<Readiness>,
    /// Rung when a logout delivery is waiting.
    pub logout_waiting: Arc<Notify>,
    /// Rung when a mail is waiting.
    pub mail_waiting: Arc<Notify>,
    /// Set when the process is told to stop: readiness says no, so that no new requests are sent here.
    pub draining: Arc<AtomicBool>,
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
