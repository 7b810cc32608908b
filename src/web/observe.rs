//! Watching requests: their spans, their line in the log, their place in the metrics.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;

use super::address;
use super::visit::Visit;
use crate::telemetry::metrics::{InFlight, Metrics};
use crate::telemetry::request::{Asked, Spans, method_word};

/// Middleware: to be mounted inside `visit::layer` and within the router's `layer`, where the matched route is known.
pub async fn layer(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let visit = request.extensions().get::<Arc<Visit>>().cloned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let mut watch = Watch {
        metrics: &metrics,
        route,
        method: request.method().clone(),
        begun: Instant::now(),
        answered: false,
        in_flight: metrics.http().begin(),
    };
    let method = method_word(request.method());
    let spans = Spans::begin(Asked {
        request_id: visit.as_ref().map_or("", |visit| visit.request_id.as_str()),
        method,
        route,
        trusted_headers: visit.as_deref().filter(|visit| visit.by_trusted_proxy).map(|visit| &visit.headers),
    });
    let response = spans.around(next.run(request)).await;
    let status = response.status().as_u16();
    let took = watch.answered(status);
    let line = Line { method, route, status, took, address: visit.map(|visit| visit.address) };
    spans.answered(status, || line.write());
    response
}

/// A request that is being answered. Dropped before its answer, its client went away.
struct Watch<'w> {
    metrics: &'w Metrics,
    route: Option<&'w str>,
    method: Method,
    begun: Instant,
    answered: bool,
    #[expect(dead_code, reason = "counts until it is dropped")]
    in_flight: InFlight,
}

impl Watch<'_> {
    fn answered(&mut self, status: u16) -> Duration {
        let took = self.begun.elapsed();
        self.answered = true;
        self.metrics.request(self.route, &self.method, Some(status), took);
        took
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.metrics.request(self.route, &self.method, None, self.begun.elapsed());
        }
    }
}

/// The line of the access log: never the path, which anybody may write anything into, and never the query, which may carry sealed values and hints.
struct Line<'l> {
    method: &'static str,
    route: Option<&'l str>,
    status: u16,
    took: Duration,
    address: Option<IpAddr>,
}

impl Line<'_> {
    /// Failures of ours are warnings: with `access=warn` in `log.filter` they alone are logged. A probe that is content is no news, and comes every few
    /// seconds for ever.
    fn write(&self) {
        let Self { method, status, .. } = *self;
        let route = self.route.unwrap_or("other");
        let duration_ms =
            u64::try_from(self.took.as_micros()).map_or(f64::MAX, |micros| f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1000.0);
        let address = self.address.map(|address| tracing::field::display(address::class(address)));
        if status >= 500 {
            tracing::warn!(target: "access", method, route, status, duration_ms, address, "answered");
        } else if route.starts_with("/health/") {
            tracing::debug!(target: "access", method, route, status, duration_ms, address, "answered");
        } else {
            tracing::info!(target: "access", method, route, status, duration_ms, address, "answered");
        }
    }
}
