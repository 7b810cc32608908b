//! Declared state: every replica looks at its directory, and one of them brings about what is not as declared.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{pause, repeat, turn};
use crate::account::notice;
use crate::app::App;
use crate::declare::{self, Directory, Keeping, Lost, Options, Outcome, Reconciler, Turn};
use crate::store::declared_objects::{DeclaredObject, State};

/// A directory that is another one than a moment ago may be half written: it has to stay the same for so long.
const SETTLED: Duration = Duration::from_secs(1);
/// After somebody else was faster.
const AGAIN: Duration = Duration::from_millis(500);

pub(super) async fn run(app: App, shutdown: CancellationToken) {
    let Some(path) = app.config.declared.directory.clone() else { return };
    let teller = app.clone();
    let reconciler = Reconciler::default().telling(move |user, now| notice::password_set(&teller, user, now));
    let keeper = Keeper { app: &app, path, memory: Mutex::new(Memory { reconciler, said: None }) };
    let usual = app.config.declared.interval.0;
    let first = turn("declared state", keeper.look()).await.unwrap_or(usual);
    if pause(&shutdown, first).await {
        turn("declared state", keeper.look()).await;
    }
    repeat("declared state", usual, &shutdown, || keeper.look()).await;
}

struct Keeper<'a> {
    app: &'a App,
    path: PathBuf,
    memory: Mutex<Memory>,
}

/// What this replica knows of its last look.
struct Memory {
    reconciler: Reconciler,
    /// What was said in the log already.
    said: Option<String>,
}

impl Keeper<'_> {
    /// One look at the directory. How long to wait until the next.
    async fn look(&self) -> Duration {
        let usual = self.app.config.declared.interval.0;
        let mut memory = self.memory.lock().await;
        let directory = match self.read().await {
            Ok(directory) => directory,
            Err(lost) => {
                // Never taken for a directory that declares nothing: what it declared stays as it is.
                memory.say(&format!("{lost}; nothing is changed until it is back"));
                self.app.metrics.declared_directory(&states("lost"), None);
                return usual;
            }
        };
        let directory = if memory.reconciler.is_news(&directory) {
            tokio::time::sleep(SETTLED.min(usual)).await;
            match self.read().await {
                Ok(same) if same.digest == directory.digest => same,
                _ => return AGAIN,
            }
        } else {
            directory
        };
        let outcome = memory.reconciler.pass(self.keeping(), &directory).await;
        self.tell(&mut memory, outcome, usual)
    }

    async fn read(&self) -> Result<Directory, Lost> {
        let (app, path) = (self.app.clone(), self.path.clone());
        let unreadable = |error: String| Lost::Unreadable(self.path.clone(), error);
        let reading = tokio::task::spawn_blocking(move || read(&app, &path));
        reading.await.map_err(|error| unreadable(error.to_string()))?
    }

    fn keeping(&self) -> Keeping<'_> {
        let declared = &self.app.config.declared;
        Keeping {
            store: &self.app.store,
            passwords: &self.app.passwords,
            removal: declared.removal,
            options: Options { now: self.app.now(), secret_overlap: declared.secret_overlap.0 },
        }
    }

    fn tell(&self, memory: &mut Memory, outcome: Result<Outcome, declare::Error>, usual: Duration) -> Duration {
        match outcome {
            Ok(outcome) => {
                outcome.changed.iter().filter(|key| key.kind == "client").for_each(|key| self.app.clients.forget(&key.id));
                if outcome.changed.iter().any(|key| key.kind == "scope") {
                    self.app.scopes.forget();
                }
                outcome.news.iter().for_each(announce);
                if outcome.changed.iter().any(|key| key.kind == "user") {
                    self.app.mail_waiting.notify_one();
                }
                if !outcome.changed.is_empty() {
                    tracing::info!(changes = outcome.changed.len(), "declared state brought about");
                }
                self.measure(&outcome);
                match outcome.turn {
                    Turn::Behind => memory.say("another version of the declared directory is in force; this one waits to be exchanged"),
                    Turn::Begin | Turn::Keep => memory.said = None,
                }
                usual
            }
            Err(declare::Error::Changed) => AGAIN.min(usual),
            Err(error) => {
                tracing::error!(%error, "declared state not brought about");
                usual
            }
        }
    }

    fn measure(&self, outcome: &Outcome) {
        let metrics = &self.app.metrics;
        let count = |state: State| outcome.objects.iter().filter(|object| object.state == state).count();
        metrics.declared(&State::ALL.map(|state| (state.as_str(), count(state))));
        let behind = outcome.turn == Turn::Behind;
        let success = (!behind && count(State::Error) == 0 && count(State::Pending) == 0).then(|| self.app.now().secs());
        metrics.declared_directory(&states(if behind { "behind" } else { "in_force" }), success);
    }
}

impl Memory {
    /// Once, not at every look.
    fn say(&mut self, what: &str) {
        if self.said.as_deref() != Some(what) {
            tracing::warn!("declared state: {what}");
            self.said = Some(what.to_owned());
        }
    }
}

fn read(app: &App, path: &Path) -> Result<Directory, Lost> {
    Directory::read(path, &app.config)
}

fn states(holds: &str) -> [(&'static str, bool); 3] {
    ["in_force", "behind", "lost"].map(|state| (state, state == holds))
}

fn announce(object: &DeclaredObject) {
    if let Some(reason) = &object.reason {
        tracing::warn!(
            kind = object.kind,
            id = object.id,
            document = object.source,
            state = object.state.as_str(),
            reason,
            "declared object not ready"
        );
    } else {
        tracing::info!(kind = object.kind, id = object.id, document = object.source, "declared object ready");
    }
}
