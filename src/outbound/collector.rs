//! The trace collector: called by the SDK's own thread, with the same client as everybody else.
//!
//! It is an address of the operator's, so the guard against what strangers make us call does not stand before it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use reqwest::Client;
use tokio::runtime::Handle;

use super::{chain, trusted};
use crate::config;
use crate::telemetry::metrics::Metrics;

/// One batch of spans.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What a collector answers, in bytes; more is not read.
const MAX_ANSWER: usize = 64 * 1024;

/// Posts batches on the runtime it was made on: the thread that asks has none.
#[derive(Debug)]
pub struct Collector {
    client: Client,
    runtime: Handle,
    metrics: Metrics,
    failing: AtomicBool,
}

impl Collector {
    /// To be called on a runtime.
    ///
    /// # Errors
    /// As [`Outbound::new`](super::Outbound::new).
    pub fn new(config: &config::Outbound, metrics: Metrics) -> Result<Self, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder().user_agent("vestibule").redirect(reqwest::redirect::Policy::none()).no_proxy().timeout(TIMEOUT);
        let client = builder.tls_certs_only(trusted(config)?).build();
        metrics.trace_export(false);
        Ok(Self { client: client.map_err(|error| chain(&error))?, runtime: Handle::current(), metrics, failing: AtomicBool::new(false) })
    }

    /// Says so once when it begins, and once when it is over: the SDK itself drops spans in silence.
    fn note(&self, outcome: &Result<Response<Bytes>, HttpError>) {
        let problem = match outcome {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("answered {}", response.status())),
            Err(error) => Some(error.to_string()),
        };
        let failed_before = self.failing.swap(problem.is_some(), Ordering::Relaxed);
        self.metrics.trace_export(problem.is_some());
        match problem {
            Some(problem) if !failed_before => tracing::warn!(problem, "the trace collector does not take spans; they are dropped"),
            None if failed_before => tracing::info!("the trace collector takes spans again"),
            _ => {}
        }
    }
}

type Sending<'s> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 's>>;

impl HttpClient for Collector {
    fn send_bytes<'s, 'f>(&'s self, request: Request<Bytes>) -> Sending<'f>
    where
        's: 'f,
        Self: 'f,
    {
        let sending = self.runtime.spawn(send(self.client.clone(), request));
        Box::pin(async move {
            let outcome = sending.await.unwrap_or_else(|error| Err(Box::new(error)));
            self.note(&outcome);
            outcome
        })
    }
}

async fn send(client: Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (parts, body) = request.into_parts();
    let asked = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
    let mut answer = asked.send().await.map_err(|error| chain(&error.without_url()))?;
    let mut made = Response::builder().status(answer.status());
    if let Some(headers) = made.headers_mut() {
        headers.extend(answer.headers().clone());
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| chain(&error.without_url()))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err("the collector's answer is too long".into());
        }
    }
    Ok(made.body(body.into())?)
}
