//! Errors for people: a page that says what happened and what to do next.

use std::sync::Arc;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::pages::{Page, Pages};
use super::visit::Visit;
use crate::clock::Clock;

/// The longest value of a developer's request that is shown back, in characters.
const MAX_SHOWN: usize = 300;

/// When even the error page cannot be made.
const LAST_RESORT: &str = "<!doctype html><html lang=\"en\" dir=\"ltr\"><head><meta charset=\"utf-8\"><title>Something went wrong</title></head>\
<body><main><h1>Something went wrong</h1><p>Please try again later.</p></main></body></html>";

/// What went wrong, as far as a person needs to know. Decides the status and the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 400: the browser sent something no page of ours sends.
    BadRequest,
    /// 413.
    TooLarge,
    /// 429, with the seconds to wait.
    TooManyRequests { retry_after: u64 },
    /// 503, with the seconds to wait.
    Busy { retry_after: u64 },
    /// 500.
    Internal,
    /// 403: an operator keeps this network out.
    Banned,
    /// 403: cross-site post, or a form whose token does not fit.
    Forbidden,
    /// 400: an application sent a request that cannot be answered by a redirect. For the developer: the OAuth error word, the parameter, the
    /// value received, the rule it broke, how it differs from what is registered, and the client's name.
    Application {
        error: &'static str,
        parameter: &'static str,
        received: Option<String>,
        rule: String,
        difference: Option<String>,
        client_name: Option<String>,
    },
    /// 400: the page timed out; `restart` is the link that restarts the same request (a path of ours), none: start at the application again.
    Expired { restart: Option<String> },
    /// 400: cookies do not come back.
    CookiesBlocked { restart: Option<String> },
}

/// An error that becomes a page. As a response it is bare: `web::page_error::layer` renders it in the visitor's language, with the request id.
#[derive(Clone, Debug)]
pub struct PageError {
    pub kind: ErrorKind,
    /// For the log, once.
    pub cause: Option<String>,
}

impl PageError {
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, cause: None }
    }

    #[must_use]
    pub fn because(kind: ErrorKind, cause: impl std::fmt::Display) -> Self {
        Self { kind, cause: Some(cause.to_string()) }
    }
}

impl From<crate::store::Error> for PageError {
    fn from(error: crate::store::Error) -> Self {
        let kind = match error {
            crate::store::Error::Unavailable(_) => ErrorKind::Busy { retry_after: 5 },
            _ => ErrorKind::Internal,
        };
        Self::because(kind, error)
    }
}

/// The status, and this error itself among the extensions, for `layer` to render.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        if let Some(seconds) = self.kind.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl ErrorKind {
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadRequest | Self::Application { .. } | Self::Expired { .. } | Self::CookiesBlocked { .. } => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Forbidden | Self::Banned => StatusCode::FORBIDDEN,
        }
    }

    const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests { retry_after } | Self::Busy { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// The middle of the ids of its texts, `error-<name>-heading` and `error-<name>-text`.
    const fn name(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::MethodNotAllowed | Self::BadRequest => "bad-request",
            Self::TooLarge => "too-large",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::Busy { .. } => "busy",
            Self::Internal => "internal",
            Self::Forbidden => "forbidden",
            Self::Banned => "banned",
            Self::Application { .. } => "application",
            Self::Expired { .. } => "expired",
            Self::CookiesBlocked { .. } => "cookies-blocked",
        }
    }
}

/// What the layer has to know.
#[derive(Clone)]
pub struct Settings {
    pub pages: Pages,
    pub clock: Arc<dyn Clock>,
}

/// Middleware: renders the [`PageError`] a handler answered with, and gives a page to the bare statuses of the router (404, 405, 413, …). To be
/// mounted inside `visit::layer` and outside everything that answers with either.
pub async fn layer(State(settings): State<Settings>, visit: Visit, request: Request, next: Next) -> Response {
    let for_a_person = wants_page(request.headers());
    let mut response = next.run(request).await;
    let error = match response.extensions_mut().remove::<PageError>() {
        Some(error) => error,
        None => match bare(&response) {
            Some(kind) if for_a_person => PageError::new(kind),
            _ => return response,
        },
    };
    log(&visit, &error, response.status());
    let page = ErrorPage::of(&error.kind, settings.clock.now().secs());
    let mut rendered = settings.pages.render_with_status(response.status(), &visit, visit.locale, &page);
    if let Some(failure) = rendered.extensions_mut().remove::<PageError>() {
        tracing::error!(request_id = visit.request_id, cause = failure.cause, "the error page cannot be rendered");
        rendered = (response.status(), Html(LAST_RESORT)).into_response();
    }
    keep_headers(response.headers(), rendered.headers_mut());
    rendered
}

/// Which error a response without any content stands for. Other statuses without content mean something to a machine (401 of RFC 6750 §3).
fn bare(response: &Response) -> Option<ErrorKind> {
    if response.headers().contains_key(CONTENT_TYPE) || response.body().size_hint().exact() != Some(0) {
        return None;
    }
    match response.status() {
        StatusCode::NOT_FOUND => Some(ErrorKind::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => Some(ErrorKind::MethodNotAllowed),
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Some(ErrorKind::TooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::REQUEST_TIMEOUT => Some(ErrorKind::BadRequest),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Some(ErrorKind::Busy { retry_after: 5 }),
        StatusCode::INTERNAL_SERVER_ERROR => Some(ErrorKind::Internal),
        _ => None,
    }
}

/// A program that accepts JSON alone has no use for a page.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = |text: &str| ["text/html", "text/*", "*/*"].iter().any(|kind| text.contains(kind));
    headers.get(ACCEPT).is_none_or(|accept| accept.to_str().is_ok_and(accepts))
}

/// What the error's author said beside the content, such as `Allow`, `Retry-After` or cookies.
fn keep_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from.iter().filter(|(name, _)| *name != CONTENT_LENGTH && *name != CONTENT_TYPE) {
        to.append(name, value.clone());
    }
}

fn log(visit: &Visit, error: &PageError, status: StatusCode) {
    let (request_id, kind, cause) = (visit.request_id.as_str(), error.kind.name(), error.cause.as_deref().unwrap_or("-"));
    // Neither path nor query: the one can be anything that somebody types, the other can carry codes and sealed values. The access line has the route.
    let status = status.as_u16();
    match error.kind {
        ErrorKind::Internal => tracing::error!(request_id, kind, cause, status, "page error"),
        ErrorKind::Busy { .. } => tracing::warn!(request_id, kind, cause, status, "page error"),
        _ => tracing::info!(request_id, kind, cause, status, "page error"),
    }
}

/// For the developer of an application that sent something wrong.
#[derive(Clone, Debug, Serialize)]
struct Fault {
    error: &'static str,
    parameter: &'static str,
    received: Option<String>,
    rule: String,
    difference: Option<String>,
    client_name: Option<String>,
}

/// A wait in words: the id of its text and the number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Wait {
    text: &'static str,
    count: u64,
}

impl Wait {
    #[must_use]
    pub const fn of(seconds: u64) -> Self {
        match seconds {
            0..=59 => Self { text: "wait-seconds", count: if seconds == 0 { 1 } else { seconds } },
            60..=7200 => Self { text: "wait-minutes", count: seconds.div_ceil(60) },
            _ => Self { text: "wait-hours", count: seconds.div_ceil(3600) },
        }
    }
}

/// The page of an error.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ErrorPage {
    name: &'static str,
    wait: Option<Wait>,
    /// Whether another try can help at all, and where it starts.
    restart: Option<String>,
    fault: Option<Fault>,
    at: i64,
}

impl ErrorPage {
    pub(super) fn of(kind: &ErrorKind, at: i64) -> Self {
        let restart = match kind {
            ErrorKind::Expired { restart } | ErrorKind::CookiesBlocked { restart } => restart.clone(),
            _ => None,
        };
        Self { name: kind.name(), wait: kind.retry_after().map(Wait::of), restart, fault: Fault::of(kind), at }
    }
}

impl Fault {
    fn of(kind: &ErrorKind) -> Option<Self> {
        let ErrorKind::Application { error, parameter, received, rule, difference, client_name } = kind else { return None };
        Some(Self {
            error,
            parameter,
            received: received.as_deref().map(shorten),
            rule: rule.clone(),
            difference: difference.clone(),
            client_name: client_name.clone(),
        })
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error.html";
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::{get, post};
    use axum::{Json, Router, middleware};
    use tower::ServiceExt as _;

    use super::*;
    use crate::clock::{TestClock, Timestamp};
    use crate::config::Brand;

    async fn ask(request: Request) -> (StatusCode, HeaderMap, String) {
        let pages = Pages::load(&Brand::default()).unwrap();
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
        let application = || ErrorKind::Application {
            error: "invalid_request",
            parameter: "redirect_uri",
            received: Some("https://x.example/<script>".to_owned() + &"y".repeat(1000)),
            rule: "must be registered".to_owned(),
            difference: None,
            client_name: Some("AutoTalk".to_owned()),
        };
        let app = Router::new()
            .route("/busy", get(async || PageError::new(ErrorKind::Busy { retry_after: 240 })))
            .route("/internal", get(async || PageError::because(ErrorKind::Internal, "the secret cause")))
            .route("/application", get(async move || PageError::new(application())))
            .route("/post-only", post(async || "x"))
            .route("/json", get(async || (StatusCode::NOT_FOUND, Json("mine"))))
            .route("/challenge", get(async || StatusCode::UNAUTHORIZED))
            .layer(middleware::from_fn_with_state(Settings { pages, clock }, layer));
        let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, 100_000).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    fn request(path: &str) -> Request {
        Request::get(path).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn an_error_becomes_a_page_with_its_status() {
        let (status, headers, body) = ask(request("/busy")).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(headers["retry-after"], "240");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert!(body.contains("Try again in 4 minutes."), "{body}");
        assert!(body.contains("15 January 2027, 08:00:00 UTC"), "{body}");
    }

    #[tokio::test]
    async fn causes_are_for_the_log_alone() {
        let (status, _, body) = ask(request("/internal")).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.contains("secret cause"));
    }

    #[tokio::test]
    async fn bare_statuses_of_the_router_become_pages() {
        let (status, _, body) = ask(request("/nowhere")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains("<h1>"), "{body}");
        let (status, headers, body) = ask(request("/post-only")).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(headers["allow"], "POST");
        assert!(body.contains("<h1>"));
    }

    #[tokio::test]
    async fn answers_for_programs_are_left_alone() {
        assert_eq!(ask(request("/json")).await.2, "\"mine\"");
        assert_eq!(ask(request("/challenge")).await.2, "");
        let json_only = Request::get("/nowhere").header(ACCEPT, "application/json").body(Body::empty()).unwrap();
        assert_eq!(ask(json_only).await.2, "");
    }

    #[tokio::test]
    async fn a_developer_sees_the_value_received_escaped_and_cut() {
        let (status, _, body) = ask(request("/application")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.contains("This application is not set up correctly"));
        assert!(body.contains("<code id=\"error-code\">invalid_request</code>"));
        assert!(!body.contains("<script>"));
        assert!(body.contains("yyy…"));
    }

    #[test]
    fn waits_are_rounded_up_to_something_people_say() {
        for (seconds, text, count) in [(0, "wait-seconds", 1), (59, "wait-seconds", 59), (61, "wait-minutes", 2), (7201, "wait-hours", 3)] {
            assert_eq!(Wait::of(seconds), Wait { text, count });
        }
    }
}
