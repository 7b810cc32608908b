//! A device without a browser: its code, the question, the answer.

use serde::Serialize;

use super::{ClientView, ScopeView, with_flow};
use crate::web::Wait;
use crate::web::pages::Page;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceCodeError {
    Missing,
    /// None of ours, or used, or too old: which of them is not said.
    Wrong,
    /// Too many were wrong: `DeviceCodePage::wait` says until when.
    Limited,
}

/// `GET /device`. Posts there: `csrf_token`, `user_code`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeviceCodePage {
    pub csrf_token: String,
    /// As it was typed, or as a link brought it.
    pub user_code: String,
    pub error: Option<DeviceCodeError>,
    pub wait: Option<Wait>,
    pub refreshed: bool,
}

impl Page for DeviceCodePage {
    const TEMPLATE: &'static str = "pages/device.html";

    fn here(&self) -> Option<String> {
        let query = || form_urlencoded::Serializer::new(String::new()).append_pair("user_code", &self.user_code).finish();
        Some(if self.user_code.is_empty() { "/device".to_owned() } else { format!("/device?{}", query()) })
    }
}

/// `GET /device/confirm`. Posts there: `i`, `csrf_token`, `decision` = `allow` or `deny`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeviceConfirmPage {
    pub flow: String,
    pub csrf_token: String,
    pub client: ClientView,
    /// Who is signed in.
    pub email: String,
    /// The link "Not you? Use another account".
    pub another_account: String,
    /// `WDJB-MJHT`, to be compared with what the device shows.
    pub user_code: String,
    /// The device asked from another network than this browser's.
    pub other_network: bool,
    /// Since the device asked.
    pub minutes: u32,
    /// Asked for, without `openid`.
    pub scopes: Vec<ScopeView>,
}

impl Page for DeviceConfirmPage {
    const TEMPLATE: &'static str = "pages/device_confirm.html";

    fn here(&self) -> Option<String> {
        Some(with_flow("/device/confirm", &self.flow))
    }
}

/// `GET /device/done`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeviceDonePage {
    pub flow: String,
    pub client: ClientView,
    pub allowed: bool,
}

impl Page for DeviceDonePage {
    const TEMPLATE: &'static str = "pages/device_done.html";

    fn here(&self) -> Option<String> {
        Some(with_flow("/device/done", &self.flow))
    }
}
