//! Connections: accepted, bounded, each request answered by the app in force.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

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
use tower::ServiceExt as _;

use super::current::Current;
use super::peers::Peers;
use super::tls::Tls;
use super::watch::{Activity, KEEP_ALIVE, Watched, WatchedBody};

/// How long the accept loop pauses when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Request headers of one request: at most so many, in so many bytes.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// What all connections share.
pub(super) struct Connections {
    current: Arc<Current>,
    builder: Arc<auto::Builder<TokioExecutor>>,
    slots: Arc<Semaphore>,
    peers: Arc<Peers>,
    graceful: GracefulShutdown,
    /// For the handshake, and for the headers of a request.
    patience: Duration,
}

impl Connections {
    pub(super) fn new(current: &Arc<Current>) -> Self {
        let app = current.app();
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
            current: Arc::clone(current),
            builder: Arc::new(builder),
            slots: Arc::new(Semaphore::new(server.max_connections)),
            peers: Peers::new(current),
            graceful: GracefulShutdown::new(),
            patience: server.header_read_timeout.0,
        }
    }

    /// Accepts for ever. A connection waits to be accepted while all slots are taken.
    pub(super) async fn accept_all(&self, listener: &TcpListener, tls: Option<&Tls>) {
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
                current: Arc::clone(&self.current),
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

    pub(super) async fn drained(self) {
        self.graceful.shutdown().await;
    }
}

struct Connection {
    current: Arc<Current>,
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
        let Self { current, builder, watcher, peer, patience } = self;
        let activity = Activity::begin();
        let stream = Watched { stream, activity: Arc::clone(&activity) };
        let requests = Arc::clone(&activity);
        let service = service_fn(move |request: http::Request<Incoming>| {
            let (service, running) = (current.public(), requests.request());
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
