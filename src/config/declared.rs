//! `[declared]`: declared state that the service keeps to.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::types::Span;

/// What becomes of something that is no longer declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// It stays as it is, and is changed by hand from then on.
    Orphan,
    /// Clients and people are disabled, and what was delegated ends.
    #[default]
    Disable,
    /// It is removed with everything of it; people are disabled.
    Delete,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declared {
    /// Directory with documents (`*.toml`) of declared state. The service brings about what they say when it starts and whenever they change, and undoes
    /// what others change. None: only `vestibule apply` does.
    pub directory: Option<PathBuf>,
    /// What becomes of something that was declared in the directory and no longer is: `orphan`, `disable` or `delete`.
    pub removal: Removal,
    /// How often the directory is looked at.
    pub interval: Span,
    /// How long a client secret that was replaced in the directory stays valid; 0s ends it at once.
    pub secret_overlap: Span,
}

impl Default for Declared {
    fn default() -> Self {
        Self { directory: None, removal: Removal::default(), interval: Span::secs(5), secret_overlap: Span::secs(24 * 3600) }
    }
}
