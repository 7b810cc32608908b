//! The listener for operators alone: metrics and health, never to be reached from outside.

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::config::StartupError;
use crate::routes;

/// Binds `server.internal_listen`, if it is set.
///
/// # Errors
/// When the port is taken.
pub(super) async fn bind(app: &App) -> Result<Option<TcpListener>, StartupError> {
    let Some(listen) = app.config.server.internal_listen else { return Ok(None) };
    let bound = TcpListener::bind(listen).await;
    bound.map(Some).map_err(|error| StartupError::new("server.internal_listen", format!("cannot listen on {listen}: {error}")))
}

/// Answers on it until `stop`.
pub(super) async fn serve(app: App, listener: TcpListener, stop: CancellationToken) {
    let router = routes::internal_router(&app);
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        tracing::error!(%error, "the internal listener ended");
    }
}
