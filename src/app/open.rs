//! Putting the parts together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use tokio::sync::Notify;

use super::{App, Sampled, Shared};
use crate::account::password::Passwords;
use crate::audit::KeyEvents;
use crate::clock::Clock;
use crate::config::{Config, StartupError};
use crate::health::Readiness;
use crate::keys::{self, KeyRing};
use crate::mail::Mailer;
use crate::oauth::client::ClientCache;
use crate::oidc::discovery::Discovery;
use crate::outbound::Outbound;
use crate::ratelimit::bans::Bans;
use crate::ratelimit::edge::Edge;
use crate::ratelimit::refused::Refused;
use crate::secret::Sealer;
use crate::store::{SchemaState, Store};
use crate::telemetry::metrics::Metrics;
use crate::tokens::access::Verifier;
use crate::web::Pages;

impl App {
    /// Connects to the database (bringing its schema up to date where `database.migrate_on_start` says so), loads the keys, compiles
    /// the templates.
    ///
    /// # Errors
    /// One paragraph for the operator: what, where, and what to change.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartupError> {
        Self::open_with(config, clock, Metrics::default()).await
    }

    /// The same with metrics that somebody began before.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(config: Config, clock: Arc<dyn Clock>, metrics: Metrics) -> Result<Self, StartupError> {
        let issuer = config.issuer();
        let sealer = Arc::new(open_sealer(&config)?);
        let store = open_store(&config).await?;
        let keys = KeyRing::load(&store, &sealer, &config.keys, &clock, Arc::new(KeyEvents))
            .await
            .map_err(|error| StartupError::new("keys.directory", format!("the signing keys cannot be used: {error}")))?;
        let pages = Pages::load(&config.brand).map_err(|error| StartupError::new("templates", error))?;
        let outbound = Outbound::new(&config.outbound).map_err(|error| StartupError::new("outbound", error))?;
        let mailer = Mailer::open(&config)?;
        store.measure(&metrics);
        metrics.started(clock.now().secs(), store.kind());
        Ok(Self::new(Shared {
            access_tokens: Verifier::new(keys.clone(), &issuer),
            clients: ClientCache::new(store.clone()),
            discovery: Discovery::new(&issuer, config.registration.mode),
            passwords: Passwords::start(&config.password).measured(&metrics),
            edge: Edge::new(&config.limits, &metrics),
            bans: Bans::load(&store, clock.now()).await,
            refused: Refused::default(),
            connections: AtomicUsize::new(0),
            metrics,
            sampled: Sampled::default(),
            readiness: Readiness::default(),
            logout_waiting: Notify::new(),
            mail_waiting: Notify::new(),
            draining: AtomicBool::new(false),
            config,
            issuer,
            clock,
            store,
            sealer,
            keys,
            pages,
            outbound,
            mailer,
        }))
    }
}

fn open_sealer(config: &Config) -> Result<Sealer, StartupError> {
    let refused = |error: &dyn std::fmt::Display| StartupError::new("keys.directory", error.to_string());
    let keks = keys::load_key_encryption_keys(&config.keys.directory, true).map_err(|error| refused(&error))?;
    Sealer::new(&keks).map_err(|error| refused(&error))
}

/// Connects; migrates or refuses according to the configuration and the schema's state.
async fn open_store(config: &Config) -> Result<Store, StartupError> {
    let refused = |error: crate::store::Error| StartupError::new("database.url", error.to_string());
    let store = Store::connect(&config.database).await.map_err(refused)?;
    if config.database.migrate_on_start {
        let applied = store.migrate_up().await.map_err(refused)?;
        if !applied.is_empty() {
            tracing::info!(migrations = ?applied, "database schema brought up to date");
        }
    }
    match store.check().await.map_err(refused)? {
        SchemaState::Current => Ok(store),
        SchemaState::Older => {
            Err(StartupError::new("database.url", "the database schema is older than this program: run `vestibule migrate up`".to_owned()))
        }
        SchemaState::Newer => Err(StartupError::new(
            "database.url",
            "the database schema was made by a newer version of Vestibule: run that version, or restore a backup".to_owned(),
        )),
    }
}
