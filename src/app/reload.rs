//! Reading again what may change while the service runs: settings, mounted secrets, key-encryption keys, TLS certificates.
//!
//! What is read is compared by its content, so that it does not matter how a file was replaced: written over, renamed, or behind the links of a mounted
//! Secret. What cannot be used is refused with a line in the log, and what was in force stays.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::current::Current;
use super::internal::Internal;
use super::notify;
use super::tls::Tls;
use crate::config::{self, Config};
use crate::keys;
use crate::routes;
use crate::secret::{Digest, Sealer};
use crate::store::Renewal;
use crate::telemetry::LogFilter;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Where settings come from, and what is told of them.
pub struct Origin {
    /// The configuration file.
    pub path: Option<PathBuf>,
    pub log: LogFilter,
}

/// Looks until `stop`.
pub(super) struct Reload {
    origin: Origin,
    current: Arc<Current>,
    internal: Option<Arc<Internal>>,
    tls: Option<Tls>,
    /// Of the settings in force, with those that wait for a restart.
    applied: Option<Digest>,
    /// Said already.
    refused: Vec<String>,
}

impl Reload {
    pub(super) fn new(origin: Origin, current: &Arc<Current>, internal: Option<Arc<Internal>>, tls: Option<Tls>) -> Self {
        Self { origin, current: Arc::clone(current), internal, tls, applied: None, refused: Vec::new() }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut hangups = signal(SignalKind::hangup()).ok();
        let app = self.current.app();
        self.applied = Some(Self::digest(&app.config));
        app.metrics.reloaded(true, app.now().secs());
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                () = hangup(&mut hangups) => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            if asked {
                notify::reloading();
                self.applied = None;
            }
            self.look().await;
            if asked {
                let status =
                    if self.refused.is_empty() { "settings read again" } else { "the new settings cannot be used; the old ones stay" };
                notify::ready(status);
            }
        }
    }

    /// One after the other: what cannot be used does not hold up the rest.
    async fn look(&mut self) {
        let found = [self.settings().await, self.key_encryption_keys().await, self.certificate()];
        let changed = found.iter().any(|found| matches!(found, Ok(true)));
        let refused: Vec<String> = found.into_iter().filter_map(Result::err).collect();
        let app = self.current.app();
        for problem in refused.iter().filter(|problem| !self.refused.contains(problem)) {
            tracing::error!(problem, "what changed cannot be used; what was in force stays");
        }
        if changed || refused != self.refused {
            app.metrics.reloaded(refused.is_empty(), app.now().secs());
        }
        self.refused = refused;
    }

    fn read(&self) -> Result<Config, String> {
        config::load(self.origin.path.as_deref()).map(|loaded| loaded.config).map_err(|error| error.to_string())
    }

    /// The settings, and the files of certificate authorities that they name.
    fn digest(config: &Config) -> Digest {
        let files = [config.mail.smtp_ca_file.as_ref(), config.outbound.extra_ca_file.as_ref()];
        let contents = files.into_iter().flatten().map(|path| std::fs::read(path).unwrap_or_default());
        let all: Vec<u8> = contents.fold(config.digest().as_bytes().to_vec(), |mut all, content| {
            all.extend_from_slice(Digest::of(&content).as_bytes());
            all
        });
        Digest::of(&all)
    }

    async fn settings(&mut self) -> Result<bool, String> {
        let wanted = self.read()?;
        let digest = Self::digest(&wanted);
        if self.applied == Some(digest) {
            return Ok(false);
        }
        let app = self.current.app();
        let (next, changed) = app.config.taking_over(&wanted).map_err(|error| error.to_string())?;
        let renewal = app.store.renew_credentials(&wanted.database).await.map_err(|error| format!("database.url: {error}"))?;
        let renewed = app.with_settings(next).map_err(|error| error.to_string())?;
        self.origin.log.set(&renewed.config.log).map_err(|error| error.to_string())?;
        if let Some(internal) = &self.internal {
            internal.switch(routes::internal_router(&renewed));
        }
        self.current.replace(renewed);
        self.applied = Some(digest);
        let (later, now): (Vec<String>, Vec<String>) = changed.into_iter().partition(|name| config::needs_restart(name));
        tracing::info!(changed = ?now, "settings read again");
        if !later.is_empty() {
            tracing::warn!(settings = ?later, "these settings have changed and take effect at the next start");
        }
        if renewal == Renewal::Elsewhere {
            tracing::warn!("database.url names another database, which takes effect at the next start");
        }
        Ok(true)
    }

    /// `*.kek`: the last name seals from now on, all open.
    async fn key_encryption_keys(&self) -> Result<bool, String> {
        let app = self.current.app();
        let directory = &app.config.keys.directory;
        let keys = keys::load_key_encryption_keys(directory, false).map_err(|error| error.to_string())?;
        let ids: Vec<String> = keys.iter().map(crate::secret::KeyEncryptionKey::id).collect();
        if ids == app.sealer.key_ids() {
            return Ok(false);
        }
        let sealer = Sealer::new(&keys).map_err(|error| error.to_string())?;
        let checked = keys::check_key_encryption_key(&app.store, &sealer, directory).await;
        checked.map_err(|error| error.to_string())?;
        app.sealer.replace(sealer);
        tracing::info!(keys = ?ids, "key-encryption keys read again; the first seals");
        Ok(true)
    }

    fn certificate(&self) -> Result<bool, String> {
        self.tls.as_ref().map_or(Ok(false), Tls::renew)
    }
}

async fn hangup(hangups: &mut Option<Signal>) {
    match hangups {
        Some(hangups) => {
            hangups.recv().await;
        }
        None => std::future::pending().await,
    }
}
