//! Series by name and labels, each registered once: counting something again allocates nothing.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::PrometheusRecorder;

const METADATA: Metadata<'static> = Metadata::new("vestibule", Level::INFO, None);

/// A label: its name and one of our words.
pub(super) type Word = (&'static str, &'static str);

/// At most two labels; what is missing is empty.
type Id = (&'static str, [&'static str; 2]);

pub(super) struct Series {
    recorder: PrometheusRecorder,
    counters: RwLock<HashMap<Id, Counter>>,
    gauges: RwLock<HashMap<Id, Gauge>>,
}

impl Series {
    pub(super) fn new(recorder: PrometheusRecorder) -> Self {
        Self { recorder, counters: RwLock::default(), gauges: RwLock::default() }
    }

    pub(super) fn counter(&self, name: &'static str, labels: &[Word]) -> Counter {
        known(&self.counters, name, labels, || self.recorder.register_counter(&key(name, labels), &METADATA))
    }

    pub(super) fn gauge(&self, name: &'static str, labels: &[Word]) -> Gauge {
        known(&self.gauges, name, labels, || self.recorder.register_gauge(&key(name, labels), &METADATA))
    }

    /// Not remembered here: histograms are kept where they are used.
    pub(super) fn histogram(&self, name: &'static str, labels: Vec<Label>) -> Histogram {
        self.recorder.register_histogram(&Key::from_parts(name, labels), &METADATA)
    }

    /// A series of labels that are no words of the program's text, such as its version: not to be called for each event.
    pub(super) fn set(&self, name: &'static str, labels: Vec<Label>, value: f64) {
        self.recorder.register_gauge(&Key::from_parts(name, labels), &METADATA).set(value);
    }
}

fn known<T: Clone>(all: &RwLock<HashMap<Id, T>>, name: &'static str, labels: &[Word], make: impl Fn() -> T) -> T {
    let value = |at: usize| labels.get(at).map_or("", |(_, value)| *value);
    let id = (name, [value(0), value(1)]);
    if let Some(found) = all.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
        return found.clone();
    }
    all.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert_with(make).clone()
}

fn key(name: &'static str, labels: &[Word]) -> Key {
    let labels: Vec<Label> = labels.iter().map(|(name, value)| Label::from_static_parts(name, value)).collect();
    Key::from_parts(name, labels)
}

/// A count as the number Prometheus wants.
pub(super) fn number(count: impl TryInto<u32>) -> f64 {
    count.try_into().map_or(f64::from(u32::MAX), f64::from)
}
