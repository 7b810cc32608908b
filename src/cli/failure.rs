//! Why a command failed.

use std::fmt;

/// One paragraph for standard error: what went wrong and, where we know it, what to change.
#[derive(Debug)]
pub(super) struct Failure(String);

impl Failure {
    pub(super) fn new(paragraph: impl Into<String>) -> Self {
        Self(paragraph.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
