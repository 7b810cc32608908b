//! `[brand]`: the name on the pages.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brand {
    /// The name on the pages.
    pub name: String,
    /// Where people find help; a link at the foot of every page.
    pub support_url: Option<String>,
    /// Language of people whose browser asks for none of ours: `en`, `pt-BR` or `es`.
    pub default_locale: String,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Vestibule".to_owned(), support_url: None, default_locale: "en".to_owned() }
    }
}
