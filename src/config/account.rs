//! `[account]`: what people do with their own accounts.

use serde::{Deserialize, Serialize};

use super::types::Span;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// How long a person who asked for it has to think better of it before their account is removed with everything of theirs.
    pub deletion_grace: Span,
    /// For how long people can see what happened in their account.
    pub activity_shown: Span,
}

impl Default for Account {
    fn default() -> Self {
        Self { deletion_grace: Span::secs(14 * 24 * 3600), activity_shown: Span::secs(90 * 24 * 3600) }
    }
}
