//! The database as its users see it.

use std::time::Duration;

use metrics::{Counter, Histogram, Label};

use super::names::{DATABASE_ERRORS, STATEMENTS, WRITES};
use super::series::Series;

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    Read,
    Write,
}

/// Times and failures, for the store to note.
pub struct Database {
    reads: Histogram,
    changes: Histogram,
    writes: Histogram,
    unavailable: Counter,
    other: Counter,
}

impl Database {
    pub(super) fn new(series: &Series) -> Self {
        let statements = |kind| series.histogram(STATEMENTS, vec![Label::from_static_parts("kind", kind)]);
        let errors = |kind| {
            let counter = series.counter(DATABASE_ERRORS, &[("kind", kind)]);
            counter.increment(0);
            counter
        };
        Self {
            reads: statements("read"),
            changes: statements("write"),
            writes: series.histogram(WRITES, Vec::new()),
            unavailable: errors("unavailable"),
            other: errors("other"),
        }
    }

    /// One statement ended.
    pub fn statement(&self, kind: Statement, took: Duration) {
        match kind {
            Statement::Read => self.reads.record(took),
            Statement::Write => self.changes.record(took),
        }
    }

    /// One write ended, committed or not.
    pub fn write(&self, took: Duration) {
        self.writes.record(took);
    }

    /// A statement or a write failed: nobody could answer it (`unavailable`), or something else is wrong.
    pub fn failed(&self, unavailable: bool) {
        if unavailable { &self.unavailable } else { &self.other }.increment(1);
    }
}
