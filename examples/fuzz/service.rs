//! One service for the targets that need one: a database, keys, a person, a client, and the whole router.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use vestibule::app::App;
use vestibule::clock::{Clock, SystemClock};
use vestibule::config::{Config, RegistrationMode};
use vestibule::secret::Secret;

pub struct Service {
    runtime: tokio::runtime::Runtime,
    pub app: App,
    router: Router,
    _directory: tempfile::TempDir,
}

/// Started on first use.
pub fn service() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    SERVICE.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let directory = tempfile::tempdir().expect("a directory");
        let mut config = Config::default();
        config.server.public_url = Some("https://idp.test".parse().expect("an address"));
        config.database.url = Secret::new(format!("sqlite://{}", directory.path().join("fuzz.db").display()));
        config.database.migrate_on_start = true;
        config.keys.directory = directory.path().join("keys");
        config.password.memory_kib = 64;
        config.password.iterations = 1;
        config.limits.enabled = false;
        config.registration.mode = RegistrationMode::Open;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let app = runtime.block_on(App::open(config, clock)).expect("a service");
        let router = vestibule::routes::router(&app);
        Service { runtime, app, router, _directory: directory }
    })
}

impl Service {
    /// Sends a request. A panic in a handler is turned into a 500 by the service: here it is a failure all the same.
    ///
    /// # Panics
    /// When the answer is 500, or a page without its policy.
    pub fn send(&self, mut request: Request<Body>) -> Response<Vec<u8>> {
        let asked = format!("{} {}", request.method(), request.uri());
        let address: std::net::SocketAddr = "192.0.2.1:40000".parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(address));
        let (parts, body) = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("infallible");
            let (parts, body) = response.into_parts();
            (parts, body.collect().await.expect("a body").to_bytes().to_vec())
        });
        assert_ne!(parts.status, StatusCode::INTERNAL_SERVER_ERROR, "{asked}");
        assert!(parts.headers.contains_key("content-security-policy"), "{asked}");
        Response::from_parts(parts, body)
    }
}
