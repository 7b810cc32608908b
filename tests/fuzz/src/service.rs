//! One service for the targets that need one: a database, keys, people and applications, and the whole router. Its clock stands still, so that what was
//! once true of an input stays true of it.

use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use vestibule::app::App;
use vestibule::clock::{Clock, SystemClock, TestClock, Timestamp};
use vestibule::config::{Config, RegistrationMode};
use vestibule::secret::Secret;

use crate::seed;

pub const ISSUER: &str = "https://idp.test";

pub struct Service {
    runtime: tokio::runtime::Runtime,
    pub app: App,
    router: Router,
    _directory: tempfile::TempDir,
}

/// Started on first use.
pub fn service() -> &'static Service {
    static SERVICE: LazyLock<Service> = LazyLock::new(Service::start);
    &SERVICE
}

impl Service {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let directory = tempfile::tempdir().expect("a directory");
        let mut config = Config::default();
        config.server.public_url = Some(ISSUER.parse().expect("an address"));
        config.database.url = Secret::new(format!("sqlite://{}", directory.path().join("fuzz.db").display()));
        config.database.migrate_on_start = true;
        config.keys.directory = directory.path().join("keys");
        config.mail.directory = directory.path().join("mail");
        config.password.memory_kib = 64;
        config.password.iterations = 1;
        config.password.hash_deadline = "60s".parse().expect("a time");
        config.limits.enabled = false;
        config.registration.mode = RegistrationMode::Open;
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(Timestamp::from_secs(SystemClock.now().secs())));
        let app = runtime.block_on(App::open(config, clock)).expect("a service");
        runtime.block_on(seed::fill(&app));
        let router = vestibule::routes::router(&app);
        Self { runtime, app, router, _directory: directory }
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Sends a request. A panic in a handler is turned into a 500 by the service: here it is a failure all the same.
    ///
    /// # Panics
    /// When the answer is 500, or a page without its policy.
    pub fn send(&self, mut request: Request<Body>) -> Response<Vec<u8>> {
        let asked = format!("{} {}", request.method(), request.uri());
        let address: std::net::SocketAddr = "192.0.2.1:40000".parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(address));
        let (parts, body) = self.run(async {
            let response = self.router.clone().oneshot(request).await.expect("infallible");
            let (parts, body) = response.into_parts();
            (parts, body.collect().await.expect("a body").to_bytes().to_vec())
        });
        assert_ne!(parts.status, StatusCode::INTERNAL_SERVER_ERROR, "{asked}");
        assert!(parts.headers.contains_key("content-security-policy"), "{asked}");
        Response::from_parts(parts, body)
    }
}

/// A browser in which somebody has signed in; or nobody yet, with the login page open.
pub struct Browser {
    cookies: Mutex<Vec<(String, String)>>,
    /// Of the page that was opened last.
    page: Mutex<String>,
}

impl Browser {
    pub fn at_login() -> Self {
        let browser = Self { cookies: Mutex::default(), page: Mutex::default() };
        browser.open("/login");
        browser
    }

    /// With the page of passkeys open.
    pub fn signed_in() -> Self {
        let browser = Self::at_login();
        let form = format!("email={}&password={}", seed::BRUNO, seed::PASSWORD.replace(' ', "+"));
        let answer = browser.post("/login", &form);
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "signing in");
        browser.open("/account/authentication/passkeys");
        assert!(!browser.field("ceremony").is_empty(), "no page of passkeys");
        browser
    }

    /// Whether it is still signed in: what an input did may have ended that.
    pub fn is_signed_in(&self) -> bool {
        self.get("/account/authentication/passkeys").status() == StatusCode::OK
    }

    /// A hidden field of the page.
    pub fn field(&self, name: &str) -> String {
        let page = self.page.lock().expect("one thread");
        let start = format!("name=\"{name}\" value=\"");
        page.split_once(&start).and_then(|(_, rest)| rest.split_once('"')).map(|(value, _)| value.to_owned()).unwrap_or_default()
    }

    fn open(&self, path: &str) {
        let answer = self.get(path);
        *self.page.lock().expect("one thread") = String::from_utf8_lossy(answer.body()).into_owned();
    }

    pub fn get(&self, path: &str) -> Response<Vec<u8>> {
        self.send(Request::get(path), Body::empty())
    }

    /// The form, with the token of the page.
    pub fn post(&self, path: &str, form: &str) -> Response<Vec<u8>> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, ISSUER)
            .header("sec-fetch-site", "same-origin");
        self.send(request, Body::from(format!("csrf_token={}&{form}", self.field("csrf_token"))))
    }

    fn send(&self, request: http::request::Builder, body: Body) -> Response<Vec<u8>> {
        let jar: Vec<String> = self.cookies.lock().expect("one thread").iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = service().send(request.header(header::COOKIE, jar.join("; ")).body(body).expect("a request"));
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie");
            if let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) {
                let mut jar = self.cookies.lock().expect("one thread");
                jar.retain(|(kept, _)| kept != name);
                jar.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}
