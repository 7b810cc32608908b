//! Putting the parts together.

use std::sync::Arc;
use std::time::Duration;

use super::{App, Sampled, Shared, Stage};
use crate::account::password::Passwords;
use crate::audit::KeyEvents;
use crate::clock::Clock;
use crate::config::{Config, Limits, StartupError};
use crate::keys::{self, KeyRing};
use crate::mail::Mailer;
use crate::oauth::client::ClientCache;
use crate::oauth::scopes::ScopeCache;
use crate::oauth::unanswered::Unanswered;
use crate::oidc::discovery::Discovery;
use crate::outbound::Outbound;
use crate::ratelimit::bans::Bans;
use crate::ratelimit::edge::Edge;
use crate::secret::Sealer;
use crate::store::{Error, SchemaState, Store};
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
        let sealer = open_sealer(&config)?;
        let store = open_store(&config, &Stage::new(&metrics), false).await?;
        Self::over(store, sealer, (config, metrics), clock).await
    }

    /// The same, saying at what it is; a schema that somebody else brings up to date is waited for.
    pub(super) async fn open_when_ready(
        config: Config,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        stage: &Stage,
    ) -> Result<Self, StartupError> {
        let sealer = open_sealer(&config)?;
        let store = open_store(&config, stage, true).await?;
        stage.enter("loading the keys");
        Self::over(store, sealer, (config, metrics), clock).await
    }

    async fn over(store: Store, sealer: Sealer, (config, metrics): (Config, Metrics), clock: Arc<dyn Clock>) -> Result<Self, StartupError> {
        let (issuer, sealer) = (config.issuer(), Arc::new(sealer));
        let keys = KeyRing::load(&store, &sealer, &config.keys, &clock, Arc::new(KeyEvents))
            .await
            .map_err(|error| StartupError::new("keys.directory", format!("the signing keys cannot be used: {error}")))?;
        let pepper = keys::load_pepper(&store, &sealer)
            .await
            .map_err(|error| StartupError::new("keys.directory", format!("the pepper of recovery codes cannot be used: {error}")))?;
        let pages = Pages::load(&config.brand).map_err(|error| StartupError::new("templates", error))?;
        let outbound = Outbound::new(&config.outbound).map_err(|error| StartupError::new("outbound", error))?;
        let mailer = Arc::new(Mailer::open(&config)?);
        store.measure(&metrics);
        metrics.started(clock.now().secs(), store.kind());
        Ok(Self::new(Shared {
            access_tokens: Arc::new(Verifier::new(keys.clone(), &issuer)),
            clients: Arc::new(ClientCache::new(store.clone())),
            client_keys: Arc::default(),
            scopes: Arc::new(ScopeCache::new(store.clone())),
            unanswered: Unanswered::default(),
            discovery: Discovery::new(&issuer, config.registration.mode),
            passwords: Passwords::start(&config.password).measured(&metrics),
            edge: Arc::new(Edge::new(&config.limits, &metrics)),
            bans: Bans::load(&store, clock.now()).await,
            refused: Arc::default(),
            client_guesses: Arc::default(),
            clients_spent: Arc::default(),
            client_failures: Arc::default(),
            connections: Arc::default(),
            metrics,
            sampled: Sampled::default(),
            readiness: Arc::default(),
            logout_waiting: Arc::default(),
            mail_waiting: Arc::default(),
            draining: Arc::default(),
            config,
            issuer,
            clock,
            store,
            sealer,
            pepper,
            keys,
            pages,
            outbound,
            mailer,
        }))
    }

    /// The same service with other settings: the parts that are made of them, and all the others shared.
    ///
    /// # Errors
    /// A setting that cannot be used, such as a file of certificate authorities that is not there.
    pub(super) fn with_settings(&self, config: Config) -> Result<Self, StartupError> {
        let same_limits = same(&config.limits, &self.config.limits);
        let edge = if same_limits { Arc::clone(&self.edge) } else { Arc::new(Edge::new(&config.limits, &self.metrics)) };
        Ok(Self::new(Shared {
            discovery: Discovery::new(&self.issuer, config.registration.mode),
            edge,
            pages: Pages::load(&config.brand).map_err(|error| StartupError::new("templates", error))?,
            outbound: Outbound::new(&config.outbound).map_err(|error| StartupError::new("outbound", error))?,
            mailer: Arc::new(Mailer::open(&config)?),
            config,
            ..Shared::clone(self)
        }))
    }
}

fn same(ours: &Limits, theirs: &Limits) -> bool {
    serde_json::to_value(ours).ok() == serde_json::to_value(theirs).ok()
}

fn open_sealer(config: &Config) -> Result<Sealer, StartupError> {
    let refused = |error: &dyn std::fmt::Display| StartupError::new("keys.directory", error.to_string());
    let keks = keys::load_key_encryption_keys(&config.keys.directory, true).map_err(|error| refused(&error))?;
    Sealer::new(&keks).map_err(|error| refused(&error))
}

/// How often a database that is away is asked, and a schema that somebody else brings up to date is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Connects; migrates, waits or refuses according to the configuration and the schema's state.
async fn open_store(config: &Config, stage: &Stage, patient: bool) -> Result<Store, StartupError> {
    let refused = |error: crate::store::Error| StartupError::new("database.url", error.to_string());
    let (store, mut schema) = connect(config, stage, patient).await.map_err(refused)?;
    stage.found(schema);
    if config.database.migrate_on_start && matches!(schema, SchemaState::Older | SchemaState::Current) {
        stage.enter("bringing the database schema up to date");
        let applied = store.migrate_up().await.map_err(refused)?;
        if !applied.is_empty() {
            tracing::info!(migrations = ?applied, "database schema brought up to date");
        }
        schema = store.check().await.map_err(refused)?;
    }
    if schema == SchemaState::Older && patient && !config.database.migrate_on_start {
        schema = wait_for_schema(&store, stage).await.map_err(refused)?;
    }
    stage.found(schema);
    match schema {
        SchemaState::Current => Ok(store),
        SchemaState::Newer => {
            tracing::warn!("a newer version has migrated the database and only added to it: serving on it");
            Ok(store)
        }
        SchemaState::Older => {
            Err(StartupError::new("database.url", "the database schema is older than this program: run `vestibule migrate up`".to_owned()))
        }
        SchemaState::TooNew => Err(StartupError::new(
            "database.url",
            "the database schema was made by a newer version of Vestibule, which has taken away what this one needs: run that version, or restore a backup"
                .to_owned(),
        )),
    }
}

/// The database, and what its schema is. A server that is away is waited for, however long, where liveness and readiness are told of it: ending would only
/// have somebody start the process again, later each time. A file that cannot be opened is nothing that passes.
async fn connect(config: &Config, stage: &Stage, patient: bool) -> crate::store::Result<(Store, SchemaState)> {
    const WAITING: &str = "the database does not answer: waiting for it";
    stage.enter("connecting to the database");
    let mut told = false;
    loop {
        let connected = async {
            let store = Store::connect(&config.database).await?;
            let schema = store.check().await?;
            Ok((store, schema))
        };
        match connected.await {
            // A new password may be mounted by now: the next start reads it.
            Err(error @ Error::Unavailable(_)) if patient && !config.database.is_file() && !error.is_refusal() => {
                stage.enter(WAITING);
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(%error, "{WAITING}");
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
            outcome => return outcome,
        }
    }
}

/// Until it is no longer older, however long that takes: what waits for it says so, and is not ready.
async fn wait_for_schema(store: &Store, stage: &Stage) -> crate::store::Result<SchemaState> {
    const WAITING: &str = "the database schema is older than this program: waiting for `vestibule migrate up`";
    stage.enter(WAITING);
    tracing::warn!("{WAITING}");
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match store.check().await {
            Ok(SchemaState::Older) => {}
            Err(error) => tracing::warn!(%error, "looking at the schema"),
            Ok(found) => return Ok(found),
        }
    }
}
