//! Traces: spans, handed in batches to an OpenTelemetry collector (OTLP over HTTP, protobuf).
//!
//! A thread of the SDK's own sends them. What it cannot send in time is dropped: no request ever waits for a collector. The SDK reads `OTEL_TRACES_SAMPLER`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_*` and `OTEL_BSP_*` itself.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::config::{StartupError, Telemetry};

/// The target of every span that is made for traces; spans of other targets stay at home.
pub const SPANS: &str = "vestibule::spans";

/// How long what is still to be sent may take when the service stops.
const FLUSH: Duration = Duration::from_secs(3);

const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// The way to the collector. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Traces(SdkTracerProvider);

/// Whether there is a collector to send to.
#[must_use]
pub fn wanted(config: &Telemetry) -> bool {
    let set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let off = std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    !off && (config.traces_endpoint.is_some() || ENDPOINTS.iter().any(set))
}

impl Traces {
    /// # Errors
    /// An endpoint that is not understood.
    pub fn open(config: &Telemetry, client: impl HttpClient + 'static) -> Result<Self, StartupError> {
        let mut exporter = SpanExporter::builder().with_http().with_http_client(client).with_protocol(Protocol::HttpBinary);
        if let Some(base) = &config.traces_endpoint {
            exporter = exporter.with_endpoint(format!("{}/v1/traces", base.trim_end_matches('/').trim_end_matches("/v1/traces")));
        }
        let exporter = exporter.build().map_err(|error| StartupError::new("telemetry.traces_endpoint", error.to_string()))?;
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource(config)).build()))
    }

    /// What makes spans of the target [`SPANS`] into a trace's.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'l> LookupSpan<'l> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("vestibule"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == SPANS))
    }

    /// Sends what is still to be sent, for a few seconds at most.
    pub async fn close(self) {
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(FLUSH)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The environment's word wins: it is where OpenTelemetry's own settings are.
fn resource(config: &Telemetry) -> Resource {
    let named = ["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"].iter().any(|name| {
        std::env::var(name).is_ok_and(|value| *name == "OTEL_SERVICE_NAME" && !value.is_empty() || value.contains("service.name="))
    });
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let builder = Resource::builder().with_attribute(version);
    if named { builder.build() } else { builder.with_service_name(config.service_name.clone()).build() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A collector that takes everything and keeps nothing.
    #[derive(Debug)]
    struct Nobody;

    type Sending<'s> = std::pin::Pin<
        Box<dyn Future<Output = Result<http::Response<opentelemetry_http::Bytes>, opentelemetry_http::HttpError>> + Send + 's>,
    >;

    impl HttpClient for Nobody {
        fn send_bytes<'s, 'f>(&'s self, _: http::Request<opentelemetry_http::Bytes>) -> Sending<'f>
        where
            's: 'f,
            Self: 'f,
        {
            Box::pin(std::future::ready(Ok(http::Response::default())))
        }
    }

    #[tokio::test]
    async fn a_call_within_a_request_continues_its_trace_and_the_filter_of_the_log_has_no_say() {
        use crate::telemetry::request::{Asked, Spans, inject};
        use tracing_subscriber::layer::SubscriberExt as _;

        let config = Telemetry { traces_endpoint: Some("http://collector".to_owned()), ..Telemetry::default() };
        let traces = Traces::open(&config, Nobody).unwrap();
        let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(traces.layer()));
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let given = http::HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), parent.parse().unwrap())]);
        let spans = Spans::begin(Asked { request_id: "r", method: "GET", route: Some("/login"), trusted_headers: Some(&given) });
        let mut headers = http::HeaderMap::new();
        spans.around(async { inject(&mut headers) }).await;
        let sent = headers["traceparent"].to_str().unwrap();
        assert!(sent.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && !sent.contains("b7ad6b7169203331"), "{sent}");
        let mut outside = http::HeaderMap::new();
        inject(&mut outside);
        assert!(outside.is_empty(), "{outside:?}");
    }

    #[test]
    fn traces_are_off_until_somebody_says_where_to() {
        assert!(!wanted(&Telemetry::default()));
        assert!(wanted(&Telemetry { traces_endpoint: Some("http://localhost:4318".to_owned()), ..Telemetry::default() }));
    }
}
