//! Upkeep: what runs beside the requests, one replica at a time.
//!
//! Owns: the job loop. Must not: hold a lock longer than its lease.

pub mod audit;
mod declared;
pub mod deletions;
mod histograms;
mod keys;
pub mod limits;
mod logouts;
mod mails;
pub mod purge;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// The app in force. Every turn of a job asks for it: settings that change while jobs wait neither end a wait nor begin it again.
#[derive(Clone)]
pub struct Apps(watch::Receiver<App>);

impl Apps {
    /// The one to do a turn with.
    #[must_use]
    pub fn newest(&self) -> App {
        self.0.borrow().clone()
    }
}

impl From<watch::Receiver<App>> for Apps {
    fn from(apps: watch::Receiver<App>) -> Self {
        Self(apps)
    }
}

/// The same one for ever.
impl From<App> for Apps {
    fn from(app: App) -> Self {
        Self(watch::channel(app).1)
    }
}

/// Runs all jobs until `shutdown`; what has been begun is finished. A job that fails or panics says so and goes on at its next time.
pub async fn run(apps: impl Into<Apps>, shutdown: CancellationToken) {
    let apps = apps.into();
    let mut jobs = JoinSet::new();
    jobs.spawn(audit::seal_all(apps.clone(), shutdown.clone()));
    jobs.spawn(audit::remove_old(apps.clone(), shutdown.clone()));
    jobs.spawn(declared::run(apps.clone(), shutdown.clone()));
    jobs.spawn(keys::run(apps.clone(), shutdown.clone()));
    jobs.spawn(limits::run(apps.clone(), shutdown.clone()));
    jobs.spawn(logouts::run(apps.clone(), shutdown.clone()));
    jobs.spawn(deletions::run(apps.clone(), shutdown.clone()));
    jobs.spawn(mails::run(apps.clone(), shutdown.clone()));
    jobs.spawn(histograms::run(apps.clone(), shutdown.clone()));
    jobs.spawn(purge::run(apps, shutdown));
    while let Some(ended) = jobs.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a job ended");
        }
    }
}

/// Does `work` again and again until `shutdown`, each time after a pause: `usual`, or what the work before asked for.
async fn repeat<W, F>(job: &'static str, usual: Duration, shutdown: &CancellationToken, work: W)
where
    W: Fn() -> F,
    F: Future<Output = Duration>,
{
    let mut wait = usual;
    while pause(shutdown, wait).await {
        wait = turn(job, work()).await.unwrap_or(usual);
    }
}

/// One turn of a job. A panic costs this turn alone, for a loop that ends leaves logouts unsent and keys to run out while everything looks well.
async fn turn<T>(job: &'static str, work: impl Future<Output = T>) -> Option<T> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    if outcome.is_err() {
        tracing::error!(job, "a job panicked; it goes on at its next time");
    }
    outcome.ok()
}

/// Waits; `false` when it is time to stop.
async fn pause(shutdown: &CancellationToken, time: Duration) -> bool {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::app::App;
    use crate::clock::{Clock, Timestamp};
    use crate::config::Config;
    use crate::secret::Secret;

    const SOON: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_panic_costs_its_turn_and_not_the_job() {
        let (turns, shutdown) = (AtomicU32::new(0), CancellationToken::new());
        let work = || async {
            let turn = turns.fetch_add(1, Ordering::SeqCst);
            assert_ne!(turn, 0, "the first turn panics");
            shutdown.cancel();
            SOON
        };
        tokio::time::timeout(Duration::from_secs(5), repeat("test", SOON, &shutdown, work)).await.unwrap();
        assert_eq!(turns.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn work_may_ask_for_another_turn_soon() {
        let (turns, shutdown) = (AtomicU32::new(0), CancellationToken::new());
        let work = || async {
            match turns.fetch_add(1, Ordering::SeqCst) {
                0 => SOON,
                _ => Duration::from_hours(1),
            }
        };
        let running = repeat("test", Duration::from_millis(50), &shutdown, work);
        assert!(tokio::time::timeout(Duration::from_millis(500), running).await.is_err());
        assert_eq!(turns.load(Ordering::SeqCst), 2);
    }

    /// Tells the time until it is broken.
    #[derive(Debug, Default)]
    struct Broken {
        broken: std::sync::atomic::AtomicBool,
        asked: AtomicU32,
    }

    impl Clock for Broken {
        fn now(&self) -> Timestamp {
            if self.broken.load(Ordering::SeqCst) {
                self.asked.fetch_add(1, Ordering::SeqCst);
                panic!("no time");
            }
            Timestamp::from_secs(1_800_000_000)
        }
    }

    #[tokio::test]
    async fn logouts_are_delivered_after_a_panic() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.database.url = Secret::new(format!("sqlite://{}", directory.path().join("test.db").display()));
        config.keys.directory = directory.path().join("keys");
        let clock = Arc::new(Broken::default());
        let app = App::open(config, Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
        clock.broken.store(true, Ordering::SeqCst);
        let shutdown = CancellationToken::new();
        let job = tokio::spawn(logouts::run(app.clone().into(), shutdown.clone()));
        for panics in 1..=2 {
            app.logout_waiting.notify_one();
            let asked = async {
                while clock.asked.load(Ordering::SeqCst) < panics {
                    tokio::time::sleep(SOON).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(5), asked).await.unwrap();
        }
        assert!(!job.is_finished());
        shutdown.cancel();
        job.await.unwrap();
    }

    #[tokio::test]
    async fn a_pause_ends_at_once_when_the_service_stops() {
        let shutdown = CancellationToken::new();
        assert!(pause(&shutdown, Duration::from_millis(1)).await);
        shutdown.cancel();
        assert!(!pause(&shutdown, Duration::from_hours(1)).await);
    }
}
