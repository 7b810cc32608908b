//! Who is asking: what every handler wants to know about a request.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::address;
use super::cookies::Cookie;
use super::device;
use super::i18n::Locale;
use crate::config::{CidrList, Issuer};
use crate::secret;
use crate::telemetry::metrics::Metrics;

/// The response header with the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The query parameter with which a person picks a language.
pub const LANGUAGE: &str = "lang";

/// What proxies say about their clients. Only `X-Forwarded-For` is ever believed.
const FORWARDING: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// How long a browser remembers the language picked.
const LANGUAGE_AGE: Duration = Duration::from_hours(365 * 24);

/// The circumstances of a request. Put into the request's extensions by `web::visit::layer` (all requests), taken out by this extractor.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The client's address, after trusted proxies.
    pub address: IpAddr,
    /// Ours, or a trusted proxy's.
    pub request_id: String,
    /// Whether a trusted proxy sent it: then what it says of traces is believed, too.
    pub by_trusted_proxy: bool,
    /// From `?lang=`, the language cookie, `Accept-Language`, or the default, in this order.
    pub locale: Locale,
    /// Whether the locale was picked by the person (query or cookie): then `ui_locales` does not override it.
    pub locale_picked: bool,
    pub headers: HeaderMap,
    pub method: Method,
    /// Path and query as they were sent.
    pub target: String,
}

/// What the layer has to know, once for the service.
#[derive(Clone, Debug)]
pub struct Settings {
    pub issuer: Issuer,
    pub trusted_proxies: CidrList,
    pub default_locale: Locale,
    /// It was said that somebody who is no trusted proxy sends forwarding headers.
    pub warned: Arc<AtomicBool>,
    pub metrics: Metrics,
}

/// Middleware: puts a [`Visit`] into the request's extensions, its id on the response, and the language picked into its cookie. To be mounted
/// outside everything that looks at a `Visit`, with `axum::middleware::from_fn_with_state(Arc::new(settings), visit::layer)`; the server must put
/// `ConnectInfo<SocketAddr>` into the request (`into_make_service_with_connect_info`).
pub async fn layer(State(settings): State<Arc<Settings>>, mut request: Request, next: Next) -> Response {
    let picked = picked_now(request.uri().query());
    look_at_proxy(&request, &settings);
    let visit = Visit::of(&request, &settings, picked);
    let request_id = visit.request_id.clone();
    request.extensions_mut().insert(Arc::new(visit));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(locale) = picked
        && is_for_a_person(&response)
    {
        response.headers_mut().append(SET_COOKIE, Cookie::Language.set(&settings.issuer, locale.tag(), Some(LANGUAGE_AGE)));
    }
    response
}

/// Counts requests with forwarding headers. Once: those of somebody who is no trusted proxy are ignored. Either a client tries something, or a proxy was forgotten in the settings;
/// then all its clients count as one.
fn look_at_proxy(request: &Request, settings: &Settings) {
    if !FORWARDING.iter().any(|name| request.headers().contains_key(*name)) {
        return;
    }
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else { return };
    let trusted = settings.trusted_proxies.contains(peer.ip());
    settings.metrics.http().forwarded(trusted);
    if !trusted && !settings.warned.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            peer = %peer.ip(),
            "forwarding headers came from an address that is not among server.trusted_proxies, and were ignored; if it is your proxy, add it there"
        );
    }
}

/// A page, or a redirect on the way to one.
fn is_for_a_person(response: &Response) -> bool {
    let html = response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    html || response.status().is_redirection()
}

fn picked_now(query: Option<&str>) -> Option<Locale> {
    form_urlencoded::parse(query?.as_bytes()).find(|(name, _)| name == LANGUAGE).and_then(|(_, value)| Locale::matching(&value))
}

impl Visit {
    fn of(request: &Request, settings: &Settings, picked: Option<Locale>) -> Self {
        let headers = request.headers();
        // Without a socket (a router driven in process) the peer is nobody in particular, and trusted by no list that a sane operator writes.
        let socket = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        let by_trusted_proxy = settings.trusted_proxies.contains(socket.to_canonical());
        let remembered = || cookie(headers, Cookie::Language.name(&settings.issuer)).and_then(Locale::matching);
        let chosen = picked.or_else(remembered);
        Self {
            address: address::client(socket, headers, &settings.trusted_proxies),
            request_id: given_id(headers).filter(|_| by_trusted_proxy).unwrap_or_else(new_id),
            by_trusted_proxy,
            locale: chosen.or_else(|| Locale::accepted(headers)).unwrap_or(settings.default_locale),
            locale_picked: chosen.is_some(),
            headers: headers.clone(),
            method: request.method().clone(),
            target: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        }
    }

    /// A GET of this path by nobody in particular: for tests, samples, and requests that no layer saw.
    #[must_use]
    pub fn anonymous(target: &str) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            request_id: new_id(),
            by_trusted_proxy: false,
            locale: Locale::default(),
            locale_picked: false,
            headers: HeaderMap::new(),
            method: Method::GET,
            target: target.to_owned(),
        }
    }

    /// A cookie's value.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.headers, name)
    }

    /// What the browser says it is, in words: `Firefox on Windows`.
    #[must_use]
    pub fn device(&self) -> Option<String> {
        device::describe(self)
    }

    /// The locale to render in, given the `ui_locales` of the authorization request (OpenID Connect Core §3.1.2.1).
    #[must_use]
    pub fn locale_for(&self, ui_locales: Option<&str>) -> Locale {
        if self.locale_picked {
            return self.locale;
        }
        ui_locales.and_then(|tags| tags.split(' ').find_map(Locale::matching)).unwrap_or(self.locale)
    }
}

/// The id a proxy gave the request: it goes into every line of the log and into the audit, so it is letters, digits and a few marks, and neither too short to
/// tell requests apart nor long.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = given.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    (plain && (16..=64).contains(&given.len())).then(|| given.to_owned())
}

fn new_id() -> String {
    secret::random_id().simple().to_string()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Arc<Self>>().map_or_else(|| Self::anonymous(parts.uri.path()), |visit| Self::clone(visit)))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::Html;
    use axum::routing::get;
    use axum::{Json, Router, middleware};
    use tower::ServiceExt as _;

    use super::*;

    fn settings() -> Settings {
        Settings {
            issuer: "https://id.example.com".parse().unwrap(),
            trusted_proxies: "10.0.0.0/8".parse().unwrap(),
            default_locale: Locale::En,
            warned: Arc::default(),
            metrics: Metrics::default(),
        }
    }

    async fn ask(target: &str, headers: &[(&str, &str)]) -> (HeaderMap, String) {
        let tell =
            |visit: Visit| async move { format!("{} {} {}", visit.address, visit.locale.tag(), visit.locale_for(Some("xx pt en")).tag()) };
        let app = Router::new()
            .route("/page", get(async move |visit: Visit| Html(tell(visit).await)))
            .route("/json", get(async || Json("x")))
            .layer(middleware::from_fn_with_state(Arc::new(settings()), layer));
        let mut request = Request::get(target).extension(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 1))));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1000).await.unwrap();
        (parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_visit_tells_address_and_language() {
        let (_, body) = ask("/page", &[("x-forwarded-for", "192.0.2.7"), ("accept-language", "es-419")]).await;
        assert_eq!(body, "192.0.2.7 es pt-BR");
    }

    #[tokio::test]
    async fn a_picked_language_wins_over_the_cookie_and_the_cookie_over_the_rest() {
        let cookie = ("cookie", "a=b; __Host-vestibule-language=es; c=d");
        assert_eq!(ask("/page", &[cookie, ("accept-language", "pt")]).await.1, "10.0.0.1 es es");
        assert_eq!(ask("/page?lang=en", &[cookie]).await.1, "10.0.0.1 en en");
        assert_eq!(ask("/page?lang=tlh", &[cookie]).await.1, "10.0.0.1 es es");
    }

    #[tokio::test]
    async fn picking_a_language_on_a_page_is_remembered() {
        let (headers, _) = ask("/page?lang=pt-BR", &[]).await;
        assert!(headers["set-cookie"].to_str().unwrap().starts_with("__Host-vestibule-language=pt-BR; "));
        assert!(!ask("/json?lang=pt-BR", &[]).await.0.contains_key("set-cookie"));
        assert!(!ask("/page?lang=nonsense", &[]).await.0.contains_key("set-cookie"));
    }

    #[tokio::test]
    async fn request_ids_are_ours_unless_a_trusted_proxy_gives_a_sensible_one() {
        let id = "7f3a-0123456789:abcdef_x.y";
        assert_eq!(ask("/page", &[("x-request-id", id)]).await.0["x-request-id"], id);
        for odd in ["mine", "0123456789abcdef ", "0123456789abcdef\"", "<0123456789abcdef>", &"a".repeat(65)] {
            let (first, _) = ask("/page", &[("x-request-id", odd)]).await;
            let (second, _) = ask("/page", &[("x-request-id", odd)]).await;
            assert_eq!(first["x-request-id"].len(), 32, "{odd}");
            assert_ne!(first["x-request-id"], second["x-request-id"], "{odd}");
        }
    }

    #[test]
    fn nobody_else_gives_ids() {
        let settings = settings();
        let id = "0123456789abcdef0123456789abcdee";
        let request = Request::get("/").header("x-request-id", id).extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
        let visit = Visit::of(&request.body(Body::empty()).unwrap(), &settings, None);
        assert_ne!(visit.request_id, id);
        assert!(!visit.by_trusted_proxy);
    }

    #[test]
    fn forwarding_headers_of_somebody_unknown_are_told_of_once() {
        let settings = settings();
        let from = |peer: [u8; 4], name: &str| {
            let request = Request::get("/").header(name, "192.0.2.7").extension(ConnectInfo(SocketAddr::from((peer, 1))));
            look_at_proxy(&request.body(Body::empty()).unwrap(), &settings);
            settings.warned.load(Ordering::Relaxed)
        };
        assert!(!from([10, 0, 0, 1], "x-forwarded-for"));
        assert!(!from([192, 0, 2, 1], "x-other"));
        assert!(from([192, 0, 2, 1], "x-forwarded-for"));
        let text = settings.metrics.render();
        assert!(text.contains("vestibule_forwarded_requests_total{peer=\"trusted\"} 1"), "{text}");
        assert!(text.contains("vestibule_forwarded_requests_total{peer=\"untrusted\"} 1"), "{text}");
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut visit = Visit::anonymous("/");
        visit.headers.append(COOKIE, HeaderValue::from_static("xsession=1; session=2; session=3; empty="));
        visit.headers.append(COOKIE, HeaderValue::from_static("later=4"));
        assert_eq!(visit.cookie("session"), Some("2"));
        assert_eq!(visit.cookie("later"), Some("4"));
        assert_eq!(visit.cookie("empty"), None);
        assert_eq!(visit.cookie("sess"), None);
    }
}
