//! Forgotten password, and "This wasn't me".

use serde::Serialize;

use super::password::PasswordProblem;

use super::{ClientView, with_flow};
use crate::web::pages::Page;

/// What is wrong with a new password that was typed twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PasswordError {
    Mismatch,
    Problem { problem: PasswordProblem },
}

impl From<PasswordProblem> for PasswordError {
    fn from(problem: PasswordProblem) -> Self {
        Self::Problem { problem }
    }
}

fn path(path: &str, flow: Option<&str>) -> String {
    flow.map_or_else(|| path.to_owned(), |flow| with_flow(path, flow))
}

/// `GET /password/reset`. Posts there: `csrf_token`, `i`, `email`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResetPage {
    /// The sealed flow; none: no application waits.
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    pub client: Option<ClientView>,
    /// The address typed is none.
    pub invalid: bool,
    /// The form's token did not fit; here is a fresh form.
    pub refreshed: bool,
}

impl Page for ResetPage {
    const TEMPLATE: &'static str = "pages/password_reset.html";

    fn here(&self) -> Option<String> {
        Some(path("/password/reset", self.flow.as_deref()))
    }
}

/// What is wrong with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetCodeError {
    Malformed,
    Wrong,
    Spent,
}

/// `GET /password/reset/sent`. Posts there: `csrf_token`, `i`, `code`; "Send again" posts `csrf_token`, `i` to `/password/reset/again`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResetSentPage {
    pub flow: Option<String>,
    pub csrf_token: String,
    /// The address as typed, or masked.
    pub email: String,
    pub minutes: u32,
    /// Just sent once more.
    pub again: bool,
    pub error: Option<ResetCodeError>,
    pub refreshed: bool,
}

impl Page for ResetSentPage {
    const TEMPLATE: &'static str = "pages/password_reset_sent.html";

    fn here(&self) -> Option<String> {
        Some(path("/password/reset/sent", self.flow.as_deref()))
    }
}

/// `GET /password/reset/finish`. Posts there: `csrf_token`, `new_password`, `new_password_confirmation` (and `email`, for password managers).
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResetFinishPage {
    pub csrf_token: String,
    /// Whose password it is.
    pub email: String,
    pub min_length: usize,
    pub client: Option<ClientView>,
    pub error: Option<PasswordError>,
    pub refreshed: bool,
    /// Where a post from this page may lead beside ourselves.
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for ResetFinishPage {
    const TEMPLATE: &'static str = "pages/password_reset_finish.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some("/password/reset/finish".to_owned())
    }
}

/// Why a link of a mail opens nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLink {
    Used,
    Expired,
    #[default]
    Unknown,
}

/// `GET /password/reset/finish` with a link that is used, too old or not known. "Send a new link" posts `csrf_token` to `/password/reset/again`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResetDeadPage {
    pub csrf_token: String,
    pub why: DeadLink,
    /// The link says whom it was for: a new one can be sent without asking.
    pub known: bool,
    pub minutes: u32,
}

impl Page for ResetDeadPage {
    const TEMPLATE: &'static str = "pages/password_reset_dead.html";

    fn here(&self) -> Option<String> {
        Some("/password/reset/finish".to_owned())
    }
}

/// What "This wasn't me" can say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotMeState {
    /// What the button will do.
    #[default]
    Ask,
    Done,
    Used,
    Expired,
    Unknown,
    /// The mail went to an address that the account has no longer.
    Moved,
}

/// `GET /not-me`. Posts there: `csrf_token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NotMePage {
    pub csrf_token: String,
    /// Whose account, masked: whoever has the link has read their mail, but perhaps long ago.
    pub email: String,
    /// This address comes back.
    pub restores: bool,
    /// A deletion is taken back.
    pub revives: bool,
    pub state: NotMeState,
    pub refreshed: bool,
}

impl Page for NotMePage {
    const TEMPLATE: &'static str = "pages/not_me.html";

    fn here(&self) -> Option<String> {
        Some("/not-me".to_owned())
    }
}
