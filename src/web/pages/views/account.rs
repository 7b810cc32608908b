//! My Account.

use serde::Serialize;

use crate::web::pages::Page;

/// `GET /account`. The log-out button posts to `/account/logout`: `csrf_token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AccountPage {
    pub csrf_token: String,
    pub email: String,
    pub email_verified: bool,
    pub name: Option<String>,
    /// Seconds since 1970, shown in UTC.
    pub signed_in_at: i64,
    pub administrator: bool,
}

impl Page for AccountPage {
    const TEMPLATE: &'static str = "pages/account.html";
}
