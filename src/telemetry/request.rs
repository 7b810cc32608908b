//! A request's spans: its ids for every line of the log, and what a trace says of it.
//!
//! W3C Trace Context; OpenTelemetry semantic conventions for HTTP. What is in a span leaves the house: the route, never the path or the query.

use http::{HeaderMap, Method};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry::{Context, TraceId};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::instrument::Instrument as _;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::SPANS;

/// The span whose fields are on every line of a request.
pub(super) const LOG_SPAN: &str = "request";

/// What is known of a request before it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    pub request_id: &'r str,
    /// One of ours.
    pub method: &'static str,
    /// The template, if there is one.
    pub route: Option<&'r str>,
    /// To continue somebody's trace; none where the sender is not to be believed.
    pub trusted_headers: Option<&'r HeaderMap>,
}

/// The spans of a request that is being answered.
pub struct Spans {
    trace: Span,
    log: Span,
}

impl Spans {
    #[must_use]
    pub fn begin(asked: Asked<'_>) -> Self {
        let told = asked.trusted_headers.filter(|headers| headers.contains_key("traceparent"));
        let parent = told.map(|headers| TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers)));
        let trace = tracing::trace_span!(
            target: SPANS,
            parent: None,
            "request",
            otel.name = field::Empty,
            otel.kind = "server",
            otel.status_code = field::Empty,
            http.request.method = asked.method,
            http.route = asked.route,
            http.response.status_code = field::Empty,
            request_id = asked.request_id,
        );
        if !trace.is_disabled() {
            let name = asked.route.map_or_else(|| asked.method.to_owned(), |route| format!("{} {route}", asked.method));
            trace.record("otel.name", name);
            if let Some(parent) = &parent {
                // Fails only where the span has no trace.
                let _ = trace.set_parent(parent.clone());
            }
        }
        let trace_id = trace_id(&trace.context()).or_else(|| parent.as_ref().and_then(trace_id));
        let log = tracing::error_span!("request", request_id = asked.request_id, trace_id = field::Empty);
        if let Some(id) = trace_id {
            log.record("trace_id", field::display(id));
        }
        Self { trace, log }
    }

    /// Runs `work` within them.
    pub async fn around<F: Future>(&self, work: F) -> F::Output {
        work.instrument(self.log.clone()).instrument(self.trace.clone()).await
    }

    /// Notes the answer, and lets `tell` write its line.
    pub fn answered(&self, status: u16, tell: impl FnOnce()) {
        // As OpenTelemetry counts: its layer knows no unsigned numbers.
        self.trace.record("http.response.status_code", i64::from(status));
        if status >= 500 {
            self.trace.record("otel.status_code", "ERROR");
        }
        self.log.in_scope(tell);
    }
}

fn trace_id(context: &Context) -> Option<TraceId> {
    let span = context.span();
    let span_context = span.span_context();
    span_context.is_valid().then(|| span_context.trace_id())
}

/// The method as a word of ours: nothing that a client invents.
#[must_use]
pub fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        // OpenTelemetry's word for a method that is not known.
        _ => "_OTHER",
    }
}

/// Puts `traceparent` of the current span into the headers of a call to somebody else. Nothing where no trace is made.
pub fn inject(headers: &mut HeaderMap) {
    let span = Span::current();
    if !span.is_disabled() {
        TraceContextPropagator::new().inject_context(&span.context(), &mut HeaderInjector(headers));
    }
}
