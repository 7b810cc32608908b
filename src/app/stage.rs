//! What the service is doing before it serves.

use std::sync::{Arc, Mutex, PoisonError};

use super::notify;

/// In words for whoever asks whether it is ready, and for the service manager.
#[derive(Clone)]
pub struct Stage(Arc<Mutex<&'static str>>);

impl Default for Stage {
    fn default() -> Self {
        Self(Arc::new(Mutex::new("starting")))
    }
}

impl Stage {
    /// From now on it is doing this.
    pub(super) fn enter(&self, what: &'static str) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != what {
            *now = what;
            notify::status(what);
        }
    }

    #[must_use]
    pub fn now(&self) -> &'static str {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
