//! The app in force. Settings that change while it runs make another one, which takes its place as a whole: a request sees one set of settings from its
//! beginning to its end, and what is shared (database, keys, caches, counters) goes on.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::{jobs, routes};

/// An app and the routes over it.
struct Generation {
    app: App,
    public: Router,
}

/// The newest of them.
pub(super) struct Current {
    newest: ArcSwap<Generation>,
    /// Pages of somebody else's on the same address.
    beside: Router,
    apps: watch::Sender<App>,
}

impl Generation {
    fn of(app: App, beside: &Router) -> Self {
        let public = beside.clone().fallback_service(routes::router(&app));
        Self { app, public }
    }
}

impl Current {
    pub(super) fn new(app: App, beside: Router) -> Arc<Self> {
        let newest = ArcSwap::from_pointee(Generation::of(app.clone(), &beside));
        Arc::new(Self { newest, beside, apps: watch::Sender::new(app) })
    }

    pub(super) fn app(&self) -> App {
        self.newest.load().app.clone()
    }

    /// What answers the next request.
    pub(super) fn public(&self) -> Router {
        self.newest.load().public.clone()
    }

    /// From the next request on, and from every job's next turn, which comes when it would have come.
    pub(super) fn replace(&self, app: App) {
        self.newest.store(Arc::new(Generation::of(app.clone(), &self.beside)));
        self.apps.send_replace(app);
    }

    /// Runs the jobs over the app in force until `stop`.
    pub(super) async fn run_jobs(self: Arc<Self>, stop: CancellationToken) {
        jobs::run(self.apps.subscribe(), stop).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::super::Shared;
    use super::*;
    use crate::clock::{Clock, Timestamp};
    use crate::config::Config;
    use crate::secret::Secret;

    /// Counts how often it is asked.
    #[derive(Debug, Default)]
    struct Counting(AtomicU32);

    impl Clock for Counting {
        fn now(&self) -> Timestamp {
            self.0.fetch_add(1, Ordering::SeqCst);
            Timestamp::from_secs(1_800_000_000)
        }
    }

    async fn opened(directory: &std::path::Path, clock: &Arc<Counting>) -> App {
        let mut config = Config::default();
        config.database.url = Secret::new(format!("sqlite://{}", directory.join("test.db").display()));
        config.keys.directory = directory.join("keys");
        App::open(config, Arc::clone(clock) as Arc<dyn Clock>).await.unwrap()
    }

    /// Hourly reloads must not keep back what is done every six hours; here five seconds stand for the hours.
    #[tokio::test]
    async fn jobs_come_at_their_time_with_the_newest_app_however_often_that_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (Arc::new(Counting::default()), Arc::new(Counting::default()));
        let app = opened(directory.path(), &old).await;
        let next = || App::new(Shared { clock: Arc::clone(&new) as Arc<dyn Clock>, ..Shared::clone(&app) });
        let (current, stop) = (Current::new(app.clone(), Router::new()), CancellationToken::new());
        current.replace(next());
        old.0.store(0, Ordering::SeqCst);
        let jobs = tokio::spawn(Arc::clone(&current).run_jobs(stop.clone()));
        let replacing = async {
            while new.0.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(Duration::from_millis(250)).await;
                current.replace(next());
            }
        };
        tokio::time::timeout(Duration::from_secs(30), replacing).await.unwrap();
        stop.cancel();
        jobs.await.unwrap();
        assert_eq!(old.0.load(Ordering::SeqCst), 0, "a turn was done with an app that had been replaced");
    }
}
