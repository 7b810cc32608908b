//! Log lines as JSON: one object each, fields at the top, and on every line of a request its ids. No value is longer than a kilobyte (SECURITY LG-1).

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::request::LOG_SPAN;

pub(super) struct JsonLine;

/// Bytes of one value: whatever somebody sends, a line stays a line.
const LONGEST: usize = 1024;

/// What takes the place of the rest.
const CUT: &str = "…";

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut at = String::new();
        SystemTime.format_time(&mut Writer::new(&mut at))?;
        let mut line = Line(Map::new());
        line.put("timestamp", at.into());
        line.put("level", event.metadata().level().as_str().into());
        event.record(&mut line);
        line.put("target", event.metadata().target().into());
        line.put_ids(context, event);
        writeln!(writer, "{}", Value::Object(line.0))
    }
}

struct Line(Map<String, Value>);

impl Line {
    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), cut(value));
    }

    /// Of the request that is being answered, where the line does not say them itself.
    fn put_ids<S, N>(&mut self, context: &FmtContext<'_, S, N>, event: &Event<'_>)
    where
        S: Subscriber + for<'l> LookupSpan<'l>,
        N: for<'w> FormatFields<'w> + 'static,
    {
        let span = event.parent().and_then(|id| context.span(id)).or_else(|| context.lookup_current());
        let Some(request) = span.and_then(|span| span.scope().find(|span| span.name() == LOG_SPAN)) else { return };
        let extensions = request.extensions();
        let Some(fields) = extensions.get::<FormattedFields<N>>() else { return };
        let Ok(Value::Object(fields)) = serde_json::from_str(&fields.fields) else { return };
        for (name, value) in fields {
            self.0.entry(name).or_insert_with(|| cut(value));
        }
    }
}

/// At a character, not in one; the mark is within the measure.
fn cut(value: Value) -> Value {
    match value {
        Value::String(mut text) if text.len() > LONGEST => {
            let end = (0..=LONGEST - CUT.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            text.truncate(end);
            text.push_str(CUT);
            Value::String(text)
        }
        other => other,
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_after_a_kilobyte_and_not_within_a_character() {
        for (text, kept) in
            [("a".repeat(1024), 1024), ("a".repeat(1025), 1024), ("é".repeat(4000), 1023), ("🦀".repeat(4000), 1023), (String::new(), 0)]
        {
            let Value::String(line) = cut(text.clone().into()) else { panic!("a text stays one") };
            assert_eq!(line.len(), kept, "{}", text.len());
            assert!(line == text || (line.ends_with(CUT) && text.starts_with(line.trim_end_matches(CUT))));
        }
        assert_eq!(cut(7.into()), Value::from(7));
    }
}
