//! "Download my data" and "Delete account".

use serde::Serialize;

use crate::web::pages::Page;

/// `GET /account/data`. Posts there: `csrf_token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DataPage {
    pub csrf_token: String,
}

impl Page for DataPage {
    const TEMPLATE: &'static str = "pages/account_data.html";

    fn here(&self) -> Option<String> {
        Some("/account/data".to_owned())
    }
}

/// `GET /account/delete`. Posts there: `csrf_token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeletePage {
    pub csrf_token: String,
    pub email: String,
    /// Of grace.
    pub days: u64,
    /// Refused: nobody else administers the service.
    pub last_administrator: bool,
}

impl Page for DeletePage {
    const TEMPLATE: &'static str = "pages/account_delete.html";

    fn here(&self) -> Option<String> {
        Some("/account/delete".to_owned())
    }
}

/// `GET /account/delete/done`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeletedPage {
    pub days: u64,
}

impl Page for DeletedPage {
    const TEMPLATE: &'static str = "pages/account_deleted.html";
}

/// Where a cancellation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum CancelState {
    /// It will be deleted then.
    Asks {
        at: i64,
    },
    Kept,
    /// Used, too late, or decided otherwise.
    Over,
}

/// `GET /account/delete/cancel?token=…`. Posts to `/account/delete/cancel`: `csrf_token`, `token`.
#[derive(Clone, Debug, Serialize)]
pub struct CancelDeletionPage {
    pub csrf_token: String,
    pub token: String,
    pub state: CancelState,
}

impl Page for CancelDeletionPage {
    const TEMPLATE: &'static str = "pages/account_delete_cancel.html";

    fn here(&self) -> Option<String> {
        Some(format!(
            "/account/delete/cancel?{}",
            form_urlencoded::Serializer::new(String::new()).append_pair("token", &self.token).finish()
        ))
    }
}
