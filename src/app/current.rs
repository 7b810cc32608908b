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

    /// From the next request on, and for the jobs when they have finished what they are at.
    pub(super) fn replace(&self, app: App) {
        self.newest.store(Arc::new(Generation::of(app.clone(), &self.beside)));
        self.apps.send_replace(app);
    }

    /// Runs the jobs over the app in force until `stop`.
    pub(super) async fn run_jobs(self: Arc<Self>, stop: CancellationToken) {
        let mut apps = self.apps.subscribe();
        while !stop.is_cancelled() {
            let app = apps.borrow_and_update().clone();
            let round = stop.child_token();
            let running = jobs::run(app, round.clone());
            tokio::pin!(running);
            tokio::select! {
                () = &mut running => return,
                _ = apps.changed() => {
                    round.cancel();
                    running.await;
                }
            }
        }
    }
}
