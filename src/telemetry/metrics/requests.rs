//! Requests: how many, how they ended, how long they took.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use http::Method;
use metrics::{Counter, Gauge, Histogram, Label};

use super::Metrics;
use super::names::{FORWARDED, HTTP_DURATION, HTTP_IN_FLIGHT};
use super::series::Series;

/// What a request that met no route is counted as.
const OTHER: &str = "other";

/// More routes than this service has: should templates ever be made of what clients send, the rest is `other`.
const MOST_ROUTES: usize = 256;

const METHODS: [&str; 8] = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", OTHER];
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"];

/// Every request, by route, method and class of status.
pub struct Http {
    in_flight: Gauge,
    trusted: Counter,
    untrusted: Counter,
    routes: RwLock<HashMap<Box<str>, Arc<Route>>>,
}

/// One series for each method and class, made when it is first needed.
struct Route {
    name: Box<str>,
    series: Vec<OnceLock<Histogram>>,
}

/// A request that is being answered, until it is dropped.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

impl Http {
    pub(super) fn new(series: &Series) -> Self {
        let in_flight = series.gauge(HTTP_IN_FLIGHT, &[]);
        in_flight.set(0);
        let forwarded = |peer| {
            let counter = series.counter(FORWARDED, &[("peer", peer)]);
            counter.increment(0);
            counter
        };
        Self { in_flight, trusted: forwarded("trusted"), untrusted: forwarded("untrusted"), routes: RwLock::default() }
    }

    #[must_use]
    pub fn begin(&self) -> InFlight {
        self.in_flight.increment(1);
        InFlight(self.in_flight.clone())
    }

    /// A request had forwarding headers, and they were believed or not.
    pub fn forwarded(&self, trusted: bool) {
        if trusted { &self.trusted } else { &self.untrusted }.increment(1);
    }

    fn known(&self, name: &str) -> Option<Arc<Route>> {
        self.routes.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn route(&self, name: &str) -> Arc<Route> {
        if let Some(route) = self.known(name) {
            return route;
        }
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let name = if routes.len() < MOST_ROUTES { name } else { OTHER };
        let make = || Arc::new(Route { name: name.into(), series: (0..METHODS.len() * CLASSES.len()).map(|_| OnceLock::new()).collect() });
        Arc::clone(routes.entry(name.into()).or_insert_with(make))
    }
}

impl Metrics {
    /// A request was answered, or its client went away (no status).
    pub fn request(&self, route: Option<&str>, method: &Method, status: Option<u16>, took: Duration) {
        let route = self.http().route(route.unwrap_or(OTHER));
        let method = METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(METHODS.len() - 1);
        let class = status.map_or(CLASSES.len() - 1, |status| usize::from((status / 100).clamp(1, 5)) - 1);
        let Some(series) = route.series.get(method * CLASSES.len() + class) else { return };
        let word = |all: &[&'static str], at: usize| all.get(at).copied().unwrap_or(OTHER);
        let make = || {
            let labels = vec![
                Label::new("route", route.name.to_string()),
                Label::from_static_parts("method", word(&METHODS, method)),
                Label::from_static_parts("status", word(&CLASSES, class)),
            ];
            self.series().histogram(HTTP_DURATION, labels)
        };
        series.get_or_init(make).record(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(3);

    #[test]
    fn requests_are_counted_by_route_method_and_class() {
        let metrics = Metrics::default();
        metrics.request(Some("/login"), &Method::POST, Some(303), TOOK);
        metrics.request(Some("/login"), &Method::POST, Some(302), TOOK);
        metrics.request(None, &Method::GET, Some(404), TOOK);
        metrics.request(Some("/token"), &Method::POST, None, TOOK);
        let text = metrics.render();
        for line in [
            "vestibule_http_request_duration_seconds_count{route=\"/login\",method=\"POST\",status=\"3xx\"} 2",
            "vestibule_http_request_duration_seconds_count{route=\"other\",method=\"GET\",status=\"4xx\"} 1",
            "vestibule_http_request_duration_seconds_count{route=\"/token\",method=\"POST\",status=\"none\"} 1",
            "vestibule_http_request_duration_seconds_bucket{route=\"/login\",method=\"POST\",status=\"3xx\",le=\"0.0025\"} 0",
            "vestibule_http_request_duration_seconds_bucket{route=\"/login\",method=\"POST\",status=\"3xx\",le=\"0.005\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn no_client_can_make_series_without_end() {
        let metrics = Metrics::default();
        for number in 0..1000 {
            let invented = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
            metrics.request(Some(&format!("/{number}")), &invented, Some(number), TOOK);
        }
        let series = metrics.render().lines().filter(|line| line.starts_with(HTTP_DURATION) && line.contains("_count{")).count();
        assert!(series <= (MOST_ROUTES + 1) * CLASSES.len(), "{series}");
        assert!(!metrics.render().contains("M999"));
    }

    #[test]
    fn a_request_is_in_flight_until_it_is_dropped() {
        let metrics = Metrics::default();
        let shown = |count: &str| metrics.render().lines().any(|line| line == format!("{HTTP_IN_FLIGHT} {count}"));
        let (one, two) = (metrics.http().begin(), metrics.http().begin());
        assert!(shown("2"), "{}", metrics.render());
        drop(one);
        assert!(shown("1"));
        drop(two);
        assert!(shown("0"));
    }
}
