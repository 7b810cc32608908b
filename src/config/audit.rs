//! `[audit]`: how long security events are kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::types::Span;

/// The least that `audit.retention` may be: My Account shows the activity of ninety days.
pub const LEAST_AUDIT_RETENTION: Duration = Duration::from_hours(90 * 24);

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// How long security events are kept, `90d` or more. What proves that they were not touched before stays for ever.
    pub retention: Span,
}

impl Default for Audit {
    fn default() -> Self {
        Self { retention: Span::secs(400 * 24 * 3600) }
    }
}
