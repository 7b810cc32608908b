//! "Activity".

use serde::Serialize;

use super::account::Done;
use crate::web::pages::Page;

/// One thing that happened.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ActivityEntry {
    /// The id of its text, without `activity-`.
    pub what: String,
    pub at: i64,
    pub address: Option<String>,
    /// `Firefox on Windows`.
    pub device: Option<String>,
    pub application: Option<String>,
    /// To be looked at twice.
    pub alarming: bool,
    /// Somebody else can have done it with the account: "This wasn't me" stands beside it.
    pub not_me: bool,
}

/// What is wrong with a word to the administrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifyError {
    TooLong,
    TooOften,
}

/// `GET /account/activity`, `?before=` for older entries. Posts to `/account/activity/notify`: `csrf_token`, `words`, `log_out_others` = `1`
/// or absent; "This wasn't me" posts `csrf_token` to `/account/activity/not-me`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ActivityPage {
    pub csrf_token: String,
    pub entries: Vec<ActivityEntry>,
    /// The cursor of older entries.
    pub next: Option<String>,
    pub days: u64,
    /// What was typed for the administrators and not sent.
    pub words: String,
    pub error: Option<NotifyError>,
    pub done: Option<Done>,
}

impl Page for ActivityPage {
    const TEMPLATE: &'static str = "pages/account_activity.html";

    fn here(&self) -> Option<String> {
        Some("/account/activity".to_owned())
    }
}
