//! Forgotten password, and "This wasn't me".

use super::Sample;

pub(super) fn all() -> Vec<Sample> {
    Vec::new()
}
