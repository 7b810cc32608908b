//! The listener for operators alone: metrics and health, never to be reached from outside. It answers before the database is open.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;

use crate::config::{Server, StartupError};

/// Answers until it is dropped.
pub(super) struct Internal {
    pub(super) address: Option<SocketAddr>,
    routes: Arc<ArcSwap<Router>>,
    serving: JoinHandle<()>,
    stop: DropGuard,
}

impl Internal {
    /// Binds `server.internal_listen`, if it is set, and answers with these routes.
    ///
    /// # Errors
    /// When the port is taken.
    pub(super) async fn start(server: &Server, routes: Router) -> Result<Option<Self>, StartupError> {
        let Some(listen) = server.internal_listen else { return Ok(None) };
        let failed = |error| StartupError::new("server.internal_listen", format!("cannot listen on {listen}: {error}"));
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let routes = Arc::new(ArcSwap::from_pointee(routes));
        let stop = CancellationToken::new();
        let address = listener.local_addr().ok();
        let serving = tokio::spawn(serve(listener, Arc::clone(&routes), stop.clone()));
        Ok(Some(Self { address, routes, serving, stop: stop.drop_guard() }))
    }

    /// Answers with these from the next request on.
    pub(super) fn switch(&self, routes: Router) {
        self.routes.store(Arc::new(routes));
    }

    /// Finishes what is under way.
    pub(super) async fn end(self) {
        drop(self.stop);
        let _ = self.serving.await;
    }
}

async fn serve(listener: TcpListener, routes: Arc<ArcSwap<Router>>, stop: CancellationToken) {
    let answer = move |request: Request| {
        let current = Router::clone(&routes.load());
        async move { current.oneshot(request).await }
    };
    let serving = axum::serve(listener, Router::new().fallback(answer)).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        tracing::error!(%error, "the internal listener ended");
    }
}
