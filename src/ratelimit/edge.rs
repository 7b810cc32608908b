//! The coarse fence: requests per client address, one limiter per group of routes (tower_governor).
//!
//! The key is ours, because the crate's own extractors either believe any `X-Forwarded-For` or lump everybody behind a proxy together.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::middleware::StateInformationMiddleware;
use http::{HeaderValue, StatusCode, header};
use tower_governor::governor::{GovernorConfig, GovernorConfigBuilder};
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};

use super::gate::Gate;
use super::headers;
use crate::config::{Limits, Quota};
use crate::telemetry::metrics::Metrics;
use crate::web::{ErrorKind, PageError, Visit, address};

/// Routes that share a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Pages,
    /// Posts that carry a password; counted beside [`Group::Pages`].
    SignIn,
    Token,
    Userinfo,
    Metadata,
}

impl Group {
    pub const ALL: [Self; 5] = [Self::Pages, Self::SignIn, Self::Token, Self::Userinfo, Self::Metadata];

    const fn quota(self, limits: &Limits) -> Quota {
        match self {
            Self::Pages => limits.pages,
            Self::SignIn => limits.sign_in,
            Self::Token => limits.token,
            Self::Userinfo => limits.userinfo,
            Self::Metadata => limits.metadata,
        }
    }

    /// Its name in headers and metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::SignIn => "sign_in",
            Self::Token => "token",
            Self::Userinfo => "userinfo",
            Self::Metadata => "metadata",
        }
    }

    /// Whether people rather than programs meet this limit.
    const fn is_for_people(self) -> bool {
        matches!(self, Self::Pages | Self::SignIn)
    }
}

/// Limits by address class: IPv4 as it is, IPv6 by /64; while too many ask, newcomers together.
#[derive(Clone, Debug)]
pub struct AddressClass(Arc<Gate>);

impl KeyExtractor for AddressClass {
    type Key = IpAddr;

    fn extract<T>(&self, request: &http::Request<T>) -> Result<IpAddr, GovernorError> {
        let visit = request.extensions().get::<Arc<Visit>>().ok_or(GovernorError::UnableToExtractKey)?;
        Ok(self.0.key(address::class(visit.address)))
    }
}

type Middleware = StateInformationMiddleware;
type Config = GovernorConfig<AddressClass, Middleware>;
pub type Layer = GovernorLayer<AddressClass, Middleware, Body>;

/// All limiters of this process.
pub struct Edge {
    limiters: Vec<Limiter>,
    metrics: Metrics,
}

struct Limiter {
    group: Group,
    quota: Quota,
    config: Arc<Config>,
    gate: Arc<Gate>,
}

/// What is said of a limit on every answer.
#[derive(Clone, Copy)]
pub struct Told {
    group: Group,
    quota: Quota,
}

impl Edge {
    /// One limiter per group; none at all when limits are switched off.
    #[must_use]
    pub fn new(limits: &Limits, metrics: &Metrics) -> Self {
        let groups = if limits.enabled { Group::ALL.as_slice() } else { &[] };
        let limiters = groups.iter().filter_map(|&group| limiter(group, limits));
        Self { limiters: limiters.collect(), metrics: metrics.clone() }
    }

    /// The layer for a group's routes.
    #[must_use]
    pub fn layer(&self, group: Group) -> Option<Layer> {
        let Limiter { quota, config, .. } = self.limiters.iter().find(|limiter| limiter.group == group)?;
        let (quota, metrics) = (*quota, self.metrics.clone());
        Some(GovernorLayer::new(Arc::clone(config)).error_handler(move |error| {
            metrics.limited(group.name());
            refuse(Told { group, quota }, &error)
        }))
    }

    /// What [`tell`] needs, for a layer outside of [`Edge::layer`]; none when there is no limit.
    #[must_use]
    pub fn told(&self, group: Group) -> Option<Told> {
        self.limiters.iter().find(|limiter| limiter.group == group).map(|limiter| Told { group, quota: limiter.quota })
    }

    /// How many addresses are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.limiters.iter().map(|limiter| limiter.config.limiter().len()).sum()
    }

    /// Forgets addresses whose budget is full again: the maps never shrink by themselves. Answers how many are still remembered.
    pub fn sweep(&self) -> usize {
        self.limiters.iter().map(Limiter::sweep).sum()
    }
}

impl Limiter {
    fn sweep(&self) -> usize {
        let limiter = self.config.limiter();
        limiter.retain_recent();
        limiter.shrink_to_fit();
        let (remembered, limit) = (limiter.len(), self.group.name());
        let shared = self.gate.swept(remembered);
        if shared > 0 {
            tracing::warn!(limit, requests = shared, "too many addresses to limit one by one: newcomers shared their budgets");
        }
        remembered
    }
}

/// `None` for a quota of nothing, which the configuration does not let through.
fn limiter(group: Group, limits: &Limits) -> Option<Limiter> {
    let quota = group.quota(limits);
    let gate = Arc::new(Gate::new());
    let mut builder = GovernorConfigBuilder::default().key_extractor(AddressClass(Arc::clone(&gate))).use_headers();
    builder.burst_size(quota.burst).period(quota.pause());
    if group == Group::SignIn {
        builder.methods(vec![http::Method::POST]);
    }
    Some(Limiter { group, quota, config: Arc::new(builder.finish()?), gate })
}

/// How much of the budget is left, on answers that were counted.
pub async fn tell(State(told): State<Option<Told>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(Told { group, quota }) = told {
        headers::translate(response.headers_mut(), group.name(), quota);
    }
    response
}

/// 429 in the shape of who asked.
fn refuse(told: Told, error: &GovernorError) -> Response {
    let GovernorError::TooManyRequests { wait_time, .. } = error else {
        return PageError::because(ErrorKind::Internal, error).into_response();
    };
    // The crate rounds down and would say "in 0 seconds".
    let retry_after = wait_time.saturating_add(1);
    let Told { group, quota } = told;
    if group.is_for_people() {
        let mut response = PageError::new(ErrorKind::TooManyRequests { retry_after }).into_response();
        headers::tell(response.headers_mut(), group.name(), quota, 0, retry_after);
        return response;
    }
    let body = serde_json::json!({
        "error": "temporarily_unavailable",
        "error_description": format!("too many requests from this address; try again in {retry_after} s"),
    });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    headers::tell(response.headers_mut(), group.name(), quota, 0, retry_after);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
