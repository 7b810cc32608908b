//! The service from its start to the answered signal.
//!
//! Our own loop over hyper, because axum's has no deadline for request headers: a client that sends them byte by byte would hold a
//! connection for ever.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connections::Connections;
use super::current::Current;
use super::internal::Internal;
use super::reload::{Origin, Reload, Source};
use super::tls::Tls;
use super::{App, Left, Stage, notify};
use crate::account::setup;
use crate::clock::SystemClock;
use crate::config::{Config, StartupError};
use crate::routes;
use crate::telemetry::metrics::Metrics;

/// `vestibule serve`: everything from the configuration to the answered signal.
///
/// # Errors
/// When it cannot start.
pub async fn serve(config: Config, metrics: Metrics, origin: Origin) -> Result<(), StartupError> {
    // Before anything that may take long: unasked for, the signal ends the process, and with it a migration or the wait for a database.
    let source = Source { origin, hangups: signal(SignalKind::hangup()).ok() };
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            asked_to_stop().await;
            stop.cancel();
        }
    });
    tokio::spawn(notify::watchdog(stop.clone()));
    let stage = Stage::new(&metrics);
    // First of all: liveness answers however long a migration takes.
    let internal = Internal::start(&config.server, routes::starting_router(stage.clone())).await?;
    let starting = CancellationToken::new();
    tokio::spawn(notify::patience(starting.clone()));
    let opening = starting.drop_guard();
    let app = tokio::select! {
        app = App::open_when_ready(config, Arc::new(SystemClock), metrics, &stage) => app?,
        // A migration that is cut is taken back, or found half-way by the next start.
        () = stop.cancelled() => return Ok(()),
    };
    drop(opening);
    announce_setup(&app).await?;
    let server = Server::over(app, internal).await?.reloading(source);
    server.run(stop).await;
    Ok(())
}

/// While there is no administrator, every start offers a fresh one-time link: on the terminal of whoever started it, or on a development
/// issuer. Never in a log, which others read too.
async fn announce_setup(app: &App) -> Result<(), StartupError> {
    let link = setup::link(app).await.map_err(|error| StartupError::new("database.url", error.to_string()))?;
    let Some(link) = link else { return Ok(()) };
    if app.issuer.is_loopback() || std::io::stderr().is_terminal() {
        show(&link);
    } else {
        tracing::warn!("there is no administrator yet: run `vestibule user add EMAIL --administrator --password-stdin`");
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "for the eyes of whoever started the service, not for its log")]
fn show(link: &str) {
    eprintln!("Create the first administrator within 24 hours at {link}");
}

async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

/// When the certificate expires, for whoever renews it.
pub(super) fn measure(tls: Option<&Tls>, app: &App) {
    let Some(validity) = tls.and_then(Tls::validity) else { return };
    app.metrics.certificate(validity.not_before, validity.not_after);
    if validity.left(app.now()) != Left::Enough {
        tracing::warn!(
            days = validity.days_left(app.now()),
            "the TLS certificate expires soon, or has expired: it should have been renewed"
        );
    }
}

/// A bound listener with everything that will answer on it.
pub struct Server {
    app: App,
    listener: TcpListener,
    internal: Option<Internal>,
    tls: Option<Tls>,
    beside: Router,
    source: Option<Source>,
}

impl Server {
    /// Binds `server.listen` and `server.internal_listen`, and loads the certificate, if any.
    ///
    /// # Errors
    /// When a port is taken or the certificate cannot be used.
    pub async fn bind(app: App) -> Result<Self, StartupError> {
        let internal = Internal::start(&app.config.server, routes::internal_router(&app)).await?;
        Self::over(app, internal).await
    }

    /// The same beside an internal listener that answers already.
    async fn over(app: App, internal: Option<Internal>) -> Result<Self, StartupError> {
        let tls = Tls::load(&app.config.server)?;
        measure(tls.as_ref(), &app);
        let listen = app.config.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| StartupError::new("server.listen", format!("cannot listen on {listen}: {error}")))?;
        Ok(Self { app, listener, internal, tls, beside: Router::new(), source: None })
    }

    /// Serves these routes too, before our own: the demo has pages of its own on the issuer's address.
    #[must_use]
    pub fn beside(self, routes: Router) -> Self {
        Self { beside: routes, ..self }
    }

    /// Reads again, while it runs, what comes from there.
    fn reloading(self, source: Source) -> Self {
        Self { source: Some(source), ..self }
    }

    /// The address bound, with the port the system chose where 0 was configured.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The address of the internal listener, if there is one.
    #[must_use]
    pub fn internal_addr(&self) -> Option<SocketAddr> {
        self.internal.as_ref().and_then(|internal| internal.address)
    }

    /// Serves until `stop`; then readiness says no, running requests get `server.drain_timeout`, jobs stop, the store closes.
    pub async fn run(self, stop: CancellationToken) {
        let Self { app, listener, internal, tls, beside, source } = self;
        let current = Current::new(app.clone(), beside);
        let internal = internal.map(Arc::new);
        if let Some(internal) = &internal {
            internal.switch(routes::internal_router(&app));
        }
        let background = TaskTracker::new();
        let jobs_stop = CancellationToken::new();
        background.spawn(Arc::clone(&current).run_jobs(jobs_stop.clone()));
        tracing::info!(
            issuer = app.issuer.as_str(),
            listen = listener.local_addr().ok().map(tracing::field::display),
            tls = tls.is_some(),
            "serving"
        );
        notify::ready(&format!("serving {}", app.issuer.as_str()));
        // A signal that came before is answered now; the service manager hears of a reload only after the start.
        if let Some(source) = source {
            let reload = Reload::new(source, &current, internal.clone(), tls.clone());
            background.spawn(reload.run(jobs_stop.clone()));
        }

        let connections = Connections::new(&current);
        tokio::select! {
            () = connections.accept_all(&listener, tls.as_ref()) => {}
            () = stop.cancelled() => {}
        }
        app.draining.store(true, Ordering::Relaxed);
        notify::stopping();
        tracing::info!("draining");
        let (delay, patience) = (current.app().config.server.drain_delay.0, current.app().config.server.drain_timeout.0);
        // What was sent before the signal may still wait in the listener's queue, and a balancer learns of our readiness only when it asks again.
        let _ = tokio::time::timeout(delay, connections.accept_all(&listener, tls.as_ref())).await;
        drop(listener);
        jobs_stop.cancel();
        background.close();
        let rest = async { tokio::join!(connections.drained(), background.wait()) };
        if tokio::time::timeout(patience, rest).await.is_err() {
            tracing::warn!("requests or jobs were still running at the end of server.drain_timeout");
        }
        if let Some(internal) = internal.and_then(Arc::into_inner) {
            let _ = tokio::time::timeout(patience, internal.end()).await;
        }
        app.store.close().await;
        tracing::info!("stopped");
    }
}
