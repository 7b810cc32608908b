//! The listener: accepts, bounds and drains connections.
//!
//! Our own loop over hyper, because axum's has no deadline for request headers: a client that sends them byte by byte would hold a
//! connection for ever.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::peers::Peers;
use super::tls::Tls;
use super::watch::{Activity, KEEP_ALIVE, Watched, WatchedBody};
use super::{App, internal};
use crate::account::setup;
use crate::clock::SystemClock;
use crate::config::{Config, StartupError};
use crate::telemetry::metrics::Metrics;
use crate::{jobs, routes};

/// How long the accept loop pauses when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Request headers of one request: at most so many, in so many bytes.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// `vestibule serve`: everything from the configuration to the answered signal.
///
/// # Errors
/// When it cannot start.
pub async fn serve(config: Config, metrics: Metrics) -> Result<(), StartupError> {
    let app = App::open_with(config, Arc::new(SystemClock), metrics).await?;
    announce_setup(&app).await?;
    let server = Server::bind(app).await?;
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            asked_to_stop().await;
            stop.cancel();
        }
    });
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

/// A bound listener with everything that will answer on it.
pub struct Server {
    app: App,
    listener: TcpListener,
    internal: Option<TcpListener>,
    tls: Option<Tls>,
    beside: Router,
}

impl Server {
    /// Binds `server.listen` and loads the certificate, if any.
    ///
    /// # Errors
    /// When the port is taken or the certificate cannot be used.
    pub async fn bind(app: App) -> Result<Self, StartupError> {
        let tls = Tls::load(&app.config.server)?;
        let listen = app.config.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| StartupError::new("server.listen", format!("cannot listen on {listen}: {error}")))?;
        let internal = internal::bind(&app).await?;
        Ok(Self { app, listener, internal, tls, beside: Router::new() })
    }

    /// Serves these routes too, before our own: the demo has pages of its own on the issuer's address.
    #[must_use]
    pub fn beside(self, routes: Router) -> Self {
        Self { beside: routes, ..self }
    }

    /// The address bound, with the port the system chose where 0 was configured.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The address of the internal listener, if there is one.
    #[must_use]
    pub fn internal_addr(&self) -> Option<SocketAddr> {
        self.internal.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until `stop`; then readiness says no, running requests get `server.drain_timeout`, jobs stop, the store closes.
    pub async fn run(self, stop: CancellationToken) {
        let Self { app, listener, internal, tls, beside } = self;
        let background = TaskTracker::new();
        let jobs_stop = CancellationToken::new();
        background.spawn(jobs::run(app.clone(), jobs_stop.clone()));
        if let Some(tls) = tls.clone() {
            background.spawn(tls.keep_current(jobs_stop.clone()));
        }
        if let Some(listener) = internal {
            background.spawn(internal::serve(app.clone(), listener, jobs_stop.clone()));
        }
        tracing::info!(issuer = app.issuer.as_str(), listen = ?listener.local_addr().ok(), tls = tls.is_some(), "serving");

        let connections = Connections::new(&app, beside);
        tokio::select! {
            () = connections.accept_all(&listener, tls.as_ref()) => {}
            () = stop.cancelled() => {}
        }
        app.draining.store(true, Ordering::Relaxed);
        tracing::info!("draining");
        // What was sent before the signal may still wait in the listener's queue, and a balancer learns of our readiness only when it asks again.
        let _ = tokio::time::timeout(app.config.server.drain_delay.0, connections.accept_all(&listener, tls.as_ref())).await;
        drop(listener);
        jobs_stop.cancel();
        background.close();
        let rest = async { tokio::join!(connections.drained(), background.wait()) };
        if tokio::time::timeout(app.config.server.drain_timeout.0, rest).await.is_err() {
            tracing::warn!("requests or jobs were still running at the end of server.drain_timeout");
        }
        app.store.close().await;
        tracing::info!("stopped");
    }
}

/// What all connections share.
struct Connections {
    router: Router,
    builder: Arc<auto::Builder<TokioExecutor>>,
    slots: Arc<Semaphore>,
    peers: Arc<Peers>,
    graceful: GracefulShutdown,
    /// For the handshake, and for the headers of a request.
    patience: Duration,
}

impl Connections {
    fn new(app: &App, beside: Router) -> Self {
        let server = &app.config.server;
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(KEEP_ALIVE)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEADER_BYTES.max(8192));
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(MAX_HEADER_BYTES).unwrap_or(u32::MAX))
            .max_concurrent_streams(100)
            .max_pending_accept_reset_streams(20);
        Self {
            router: beside.fallback_service(routes::router(app)),
            builder: Arc::new(builder),
            slots: Arc::new(Semaphore::new(server.max_connections)),
            peers: Peers::new(app),
            graceful: GracefulShutdown::new(),
            patience: server.header_read_timeout.0,
        }
    }

    /// Accepts for ever. A connection waits to be accepted while all slots are taken.
    async fn accept_all(&self, listener: &TcpListener, tls: Option<&Tls>) {
        loop {
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return };
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // One address must not take all of them: the connection is closed, unanswered.
            let Some(entered) = self.peers.enter(peer.ip()) else { continue };
            let slot = (slot, entered);
            // Answers are small; waiting to fill packets would only delay them.
            let _ = stream.set_nodelay(true);
            let connection = Connection {
                service: self.router.clone(),
                builder: Arc::clone(&self.builder),
                watcher: self.graceful.watcher(),
                peer,
                patience: self.patience,
            };
            match tls.cloned() {
                None => drop(tokio::spawn(async move {
                    connection.serve(stream).await;
                    drop(slot);
                })),
                Some(tls) => drop(tokio::spawn(async move {
                    connection.serve_tls(&tls, stream).await;
                    drop(slot);
                })),
            }
        }
    }

    async fn drained(self) {
        self.graceful.shutdown().await;
    }
}

struct Connection {
    service: Router,
    builder: Arc<auto::Builder<TokioExecutor>>,
    watcher: hyper_util::server::graceful::Watcher,
    peer: SocketAddr,
    patience: Duration,
}

impl Connection {
    async fn serve_tls(self, tls: &Tls, stream: TcpStream) {
        match tokio::time::timeout(self.patience, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, peer = %self.peer, "TLS handshake failed"),
            Err(_) => tracing::debug!(peer = %self.peer, "TLS handshake timed out"),
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let Self { service, builder, watcher, peer, patience } = self;
        let activity = Activity::begin();
        let stream = Watched { stream, activity: Arc::clone(&activity) };
        let requests = Arc::clone(&activity);
        let service = service_fn(move |request: http::Request<Incoming>| {
            let (service, running) = (service.clone(), requests.request());
            let mut request = request.map(|body| Body::new(WatchedBody { body, activity: Arc::clone(&requests) }));
            request.extensions_mut().insert(ConnectInfo(peer));
            async move {
                let response = service.oneshot(request).await;
                running.answered();
                response
            }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        tokio::select! {
            ended = watcher.watch(connection) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "connection ended early");
                }
            }
            () = activity.overdue(patience) => tracing::debug!(%peer, "connection closed: no request in time"),
        }
    }
}
