//! Lifting, by mail, the pause after too many wrong passwords or codes.

use serde::Serialize;

use crate::web::pages::Page;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlockState {
    /// What the button will do.
    #[default]
    Ask,
    /// A mail is on its way, if there is such an account.
    Sent,
    Used,
    Expired,
    Unknown,
    /// Codes were lifted a short while ago.
    TooSoon,
}

/// `GET /login/unlock`. Posts there: `csrf_token`, `token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct UnlockPage {
    pub csrf_token: String,
    pub token: String,
    /// Whose account, masked.
    pub email: String,
    /// The second factor's codes, not passwords.
    pub codes: bool,
    /// How long the link lasts, with `Sent`.
    pub minutes: u32,
    pub state: UnlockState,
    pub refreshed: bool,
}

impl Page for UnlockPage {
    const TEMPLATE: &'static str = "pages/unlock.html";

    fn here(&self) -> Option<String> {
        let token = || form_urlencoded::Serializer::new(String::new()).append_pair("token", &self.token).finish();
        Some(if self.token.is_empty() { "/login/unlock".to_owned() } else { format!("/login/unlock?{}", token()) })
    }
}
