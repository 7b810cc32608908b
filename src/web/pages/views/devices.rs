//! "Devices and sessions" and "Connected applications".

use serde::Serialize;

use super::ScopeView;
use super::account::Done;
use crate::web::pages::Page;

#[derive(Clone, Debug, Default, Serialize)]
pub struct SessionView {
    pub id: String,
    /// `Firefox on Windows`.
    pub device: Option<String>,
    pub address: Option<String>,
    pub signed_in_at: i64,
    pub last_seen_at: i64,
    /// The one this page is read in.
    pub current: bool,
    /// Names of the applications that were signed in through it.
    pub applications: Vec<String>,
}

/// `GET /account/sessions`. Posts there: `csrf_token`, and `end` = id or `others` = `1`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SessionsPage {
    pub csrf_token: String,
    pub sessions: Vec<SessionView>,
    pub done: Option<Done>,
}

impl Page for SessionsPage {
    const TEMPLATE: &'static str = "pages/account_sessions.html";

    fn here(&self) -> Option<String> {
        Some("/account/sessions".to_owned())
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct ConnectedApplication {
    pub client_id: String,
    pub name: String,
    pub client_uri: Option<String>,
    pub scopes: Vec<ScopeView>,
    pub since: i64,
    pub last_used_at: Option<i64>,
    /// It may act while the person is away.
    pub offline: bool,
}

/// `GET /account/applications`. Posts there: `csrf_token`, `revoke` = client id.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApplicationsPage {
    pub csrf_token: String,
    pub applications: Vec<ConnectedApplication>,
    pub done: Option<Done>,
}

impl Page for ApplicationsPage {
    const TEMPLATE: &'static str = "pages/account_applications.html";

    fn here(&self) -> Option<String> {
        Some("/account/applications".to_owned())
    }
}
