//! Reading again what may change while the service runs: settings, mounted secrets, key-encryption keys, TLS certificates.
//!
//! What is read is compared by its content, so that it does not matter how a file was replaced: written over, renamed, or behind the links of a mounted
//! Secret. What cannot be used is refused with a line in the log, and what was in force stays.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use super::current::Current;
use super::internal::Internal;
use super::notify;
use super::serve::measure;
use super::tls::Tls;
use crate::config::{self, Config};
use crate::keys;
use crate::routes;
use crate::secret::{Digest, KeyEncryptionKey, Sealer};
use crate::store::Renewal;
use crate::telemetry::LogFilter;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Whoever writes a file is done when it has not changed for so long; one that never rests is read all the same, after so many looks.
const SETTLED: Duration = Duration::from_secs(1);
const PATIENCE: u32 = 5;

/// Where settings come from, and what is told of them.
pub struct Origin {
    /// The configuration file.
    pub path: Option<PathBuf>,
    pub log: LogFilter,
}

/// Where settings come from, and what asks to have them read again at once.
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) hangups: Option<Signal>,
}

/// Looks until `stop`.
pub(super) struct Reload {
    source: Source,
    current: Arc<Current>,
    internal: Option<Arc<Internal>>,
    tls: Option<Tls>,
    /// Of everything as it was found last.
    seen: Option<Digest>,
    /// Of the settings in force, with those that wait for a restart.
    applied: Option<Digest>,
    /// Said already.
    refused: Vec<String>,
}

impl Reload {
    pub(super) fn new(source: Source, current: &Arc<Current>, internal: Option<Arc<Internal>>, tls: Option<Tls>) -> Self {
        Self { source, current: Arc::clone(current), internal, tls, seen: None, applied: None, refused: Vec::new() }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut hangups = self.source.hangups.take();
        let app = self.current.app();
        self.applied = Some(Self::digest(&app.config));
        app.metrics.reloaded(true, app.now().secs());
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                () = hangup(&mut hangups) => true,
                () = self.rest() => false,
            };
            if asked {
                notify::reloading();
            }
            let changed = self.look().await;
            if asked {
                let status =
                    if self.refused.is_empty() { "settings read again" } else { "the new settings cannot be used; the old ones stay" };
                if !changed {
                    // Whoever asked is answered, as with a change; what cannot be used was said when it was found.
                    tracing::info!("{status}: nothing has changed since");
                }
                notify::ready(status);
            }
        }
    }

    /// Until the next look. A file that somebody is writing is not read half: what has changed must have stayed as it is for a moment.
    async fn rest(&mut self) {
        tokio::time::sleep(LOOK_EVERY).await;
        for _ in 0..PATIENCE {
            let found = Some(self.found());
            if found == self.seen {
                return;
            }
            self.seen = found;
            tokio::time::sleep(SETTLED).await;
        }
    }

    /// Everything that is read again, whether it can be used or not.
    fn found(&self) -> Digest {
        let app = self.current.app();
        let settings = self.read().map_or_else(|problem| Digest::of(problem.as_bytes()), |config| Self::digest(&config));
        let keys = match keys::load_key_encryption_keys(&app.config.keys.directory, false) {
            Ok(keys) => keys.iter().map(KeyEncryptionKey::id).collect(),
            Err(problem) => problem.to_string(),
        };
        let tls = self.tls.as_ref().and_then(Tls::found).map_or([0; 32], |found| *found.as_bytes());
        Digest::of(&[settings.as_bytes().as_slice(), tls.as_slice(), keys.as_bytes()].concat())
    }

    /// One after the other: what cannot be used does not hold up the rest. Whether anything is other than at the last look.
    async fn look(&mut self) -> bool {
        let found = [self.settings().await, self.key_encryption_keys().await, self.certificate()];
        let changed = found.iter().any(|found| matches!(found, Ok(true)));
        let refused: Vec<String> = found.into_iter().filter_map(Result::err).collect();
        let app = self.current.app();
        for problem in refused.iter().filter(|problem| !self.refused.contains(problem)) {
            tracing::error!(problem, "what changed cannot be used; what was in force stays");
        }
        let changed = changed || refused != self.refused;
        if changed {
            app.metrics.reloaded(refused.is_empty(), app.now().secs());
        }
        self.refused = refused;
        changed
    }

    fn read(&self) -> Result<Config, String> {
        config::load(self.source.origin.path.as_deref()).map(|loaded| loaded.config).map_err(|error| error.to_string())
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
        self.source.origin.log.set(&renewed.config.log).map_err(|error| error.to_string())?;
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
        let ids: Vec<String> = keys.iter().map(KeyEncryptionKey::id).collect();
        if ids == app.sealer.key_ids() {
            return Ok(false);
        }
        let sealer = Sealer::new(&keys).map_err(|error| error.to_string())?;
        keys::check_start(&app.store, &sealer, directory).await.map_err(|error| error.to_string())?;
        app.sealer.replace(sealer);
        tracing::info!(keys = ?ids, "key-encryption keys read again; the first seals");
        Ok(true)
    }

    fn certificate(&self) -> Result<bool, String> {
        let (Some(tls), app) = (&self.tls, self.current.app()) else { return Ok(false) };
        let renewed = tls.renew(app.now())?;
        if renewed {
            measure(Some(tls), &app);
        }
        Ok(renewed)
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
