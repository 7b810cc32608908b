//! Logs: structured, without secrets; metrics; traces.
//!
//! Owns: the subscriber behind `tracing`, the panic hook, [`metrics`], a request's spans and the way to a trace collector. Must not: decide what is logged
//! elsewhere, or write to standard output. Decision 0020.

mod json;
pub mod metrics;
mod panic;
pub mod request;
mod traces;

pub use traces::{SPANS, Traces, wanted};

use std::io::IsTerminal as _;

use std::sync::Arc;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, registry, reload};

use crate::config::{Log, LogFormat, StartupError};

/// From here on `tracing` events go to standard error, one line each, and so does every panic; spans go to the collector, if there is one. The first call wins.
///
/// # Errors
/// When the filter is not understood.
pub fn init(log: &Log, traces: Option<&Traces>) -> Result<LogFilter, StartupError> {
    let (subscriber, filter) = subscriber(log, traces, std::io::stderr, std::io::stderr().is_terminal())?;
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        panic::log_panics();
    }
    Ok(filter)
}

/// Changes `log.filter` while the service runs. The default changes nothing.
#[derive(Clone, Default)]
pub struct LogFilter(Option<Arc<dyn Fn(EnvFilter) -> bool + Send + Sync>>);

impl LogFilter {
    /// # Errors
    /// When the filter is not understood; the old one stays.
    pub fn set(&self, log: &Log) -> Result<(), StartupError> {
        let filter = filter(log)?;
        match &self.0 {
            Some(set) if !set(filter) => Err(StartupError::new("log.filter", "the log is gone".to_owned())),
            _ => Ok(()),
        }
    }
}

/// The filter of `log.filter`.
///
/// # Errors
/// When it is not understood.
pub fn filter(log: &Log) -> Result<EnvFilter, StartupError> {
    EnvFilter::try_new(&log.filter).map_err(|error| {
        let change = "Write a level (error, warn, info, debug, trace) or target=level pairs separated by commas.";
        StartupError::new("log.filter", format!("{:?} is not a filter: {error}", log.filter)).remedy(change)
    })
}

/// Whatever `log.filter` says, this is not written: the spans of sea-orm have all that a call was given among their fields, and a connection is given its
/// URL, with the password. Every line within such a span would repeat it.
#[must_use]
pub fn may_be_written(metadata: &Metadata<'_>) -> bool {
    !(metadata.is_span() && metadata.target().starts_with("sea_orm"))
}

type Sink = Box<dyn tracing::Subscriber + Send + Sync>;

/// The filter is for the log alone: what is traced does not depend on it.
fn subscriber<W>(log: &Log, traces: Option<&Traces>, writer: W, colours: bool) -> Result<(Sink, LogFilter), StartupError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer::<Registry>().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Json => lines.fmt_fields(JsonFields::new()).event_format(json::JsonLine).boxed(),
        LogFormat::Text => lines.with_ansi(colours).boxed(),
    };
    let (filter, handle) = reload::Layer::new(filter(log)?);
    let filter = filter.and(filter_fn(may_be_written).with_max_level_hint(LevelFilter::TRACE));
    let sink = registry().with(lines.with_filter(filter)).with(traces.map(Traces::layer));
    Ok((Box::new(sink), LogFilter(Some(Arc::new(move |filter| handle.reload(filter).is_ok())))))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: &Log, act: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let (subscriber, _) = subscriber(log, None, move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_is_one_object_per_line_with_its_fields_at_the_top() {
        let log = Log { format: LogFormat::Json, filter: "info".to_owned() };
        let text = logged(&log, || tracing::info!(client_id = "webapp", "token issued"));
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["client_id"], "webapp");
        assert_eq!(line["message"], "token issued");
        assert_eq!(line["level"], "INFO");
    }

    #[tokio::test]
    async fn every_line_of_a_request_has_its_ids_whatever_the_filter() {
        let log = Log { format: LogFormat::Json, filter: "warn".to_owned() };
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let headers = http::HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), parent.parse().unwrap())]);
        let text = logged(&log, || {
            let asked = request::Asked { request_id: "r-1", method: "GET", route: Some("/login"), trusted_headers: Some(&headers) };
            let spans = request::Spans::begin(asked);
            futures_util::FutureExt::now_or_never(spans.around(async { tracing::warn!("inside") })).unwrap();
            spans.answered(503, || tracing::warn!(request_id = "its own", "answered"));
            tracing::warn!("outside");
        });
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["request_id"], "r-1");
        assert_eq!(lines[0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(lines[1]["request_id"], "its own");
        assert!(lines[2].get("request_id").is_none());
    }

    #[test]
    fn the_filter_decides_what_is_logged() {
        let log = Log { format: LogFormat::Text, filter: "warn,vestibule::audit=info".to_owned() };
        let text = logged(&log, || {
            tracing::info!("left out");
            tracing::info!(target: "vestibule::audit", "kept");
        });
        assert!(text.contains("kept") && !text.contains("left out"), "{text}");
    }

    #[test]
    fn what_a_connection_is_opened_with_is_in_no_line() {
        for format in [LogFormat::Json, LogFormat::Text] {
            let text = logged(&Log { format, filter: "trace,sea_orm=trace".to_owned() }, || {
                let options = "postgres://vestibule:canary@db";
                let span = tracing::trace_span!(target: "sea_orm::driver::sqlx_postgres", "connect", options);
                let _entered = span.enter();
                tracing::trace!(target: "sea_orm::database", "inside");
            });
            assert!(text.contains("inside") && !text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn the_filter_changes_while_the_log_is_written() {
        for format in [LogFormat::Json, LogFormat::Text] {
            let (lines, log) = (Lines::default(), Log { format, filter: "warn".to_owned() });
            let writer = lines.clone();
            let (subscriber, filter) = subscriber(&log, None, move || writer.clone(), false).unwrap();
            tracing::subscriber::with_default(subscriber, || {
                tracing::info!("before");
                filter.set(&Log { filter: "info".to_owned(), ..log.clone() }).unwrap();
                assert!(filter.set(&Log { filter: "a=b=c".to_owned(), ..log.clone() }).is_err());
                tracing::info!("after");
            });
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert!(!text.contains("before") && text.contains("after"), "{text}");
        }
    }

    #[test]
    fn a_line_break_in_a_value_does_not_make_a_second_line() {
        let log = Log { format: LogFormat::Json, filter: "info".to_owned() };
        let text = logged(&log, || tracing::info!(user_agent = "a\nb", "request"));
        assert_eq!(text.trim_end().lines().count(), 1);
    }

    #[test]
    fn a_filter_that_is_not_understood_names_the_setting() {
        let error = filter(&Log { format: LogFormat::Text, filter: "a=b=c".to_owned() }).unwrap_err().to_string();
        assert!(error.starts_with("log.filter: "), "{error}");
    }
}
