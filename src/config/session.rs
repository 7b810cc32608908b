//! `[session]`: single sign-on sessions in the browser.

use serde::{Deserialize, Serialize};

use super::types::Span;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// A session not used for this long ends.
    pub idle: Span,
    /// A session ends this long after the sign-in, however busy it is.
    pub absolute: Span,
    /// How long a person may take from the application's request to the end of the sign-in before the page says that it timed out.
    pub flow_ttl: Span,
    /// Before a change to the account's security the person is asked again who they are, if the last proof is older than this.
    pub reauthentication_window: Span,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            idle: Span::secs(3600),
            absolute: Span::secs(12 * 3600),
            flow_ttl: Span::secs(15 * 60),
            reauthentication_window: Span::secs(5 * 60),
        }
    }
}
