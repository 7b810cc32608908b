//! The tab "Authentication" of My Account.

use serde::Serialize;

use super::passkeys::{CeremonyView, PasskeyError};
use super::second_factor::{CodeError, TotpPicture};
use super::{said, saying};
use crate::web::pages::Page;

/// A word above the page about what was just done; its text is `authentication-done-<word>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    AppReplaced,
    CodesSaved,
    Disabled,
    EmailOn,
    EmailOff,
    DeviceForgotten,
}

impl Said {
    pub const ALL: [Self; 6] = [Self::AppReplaced, Self::CodesSaved, Self::Disabled, Self::EmailOn, Self::EmailOff, Self::DeviceForgotten];

    const fn word(self) -> &'static str {
        match self {
            Self::AppReplaced => "app_replaced",
            Self::CodesSaved => "codes_saved",
            Self::Disabled => "disabled",
            Self::EmailOn => "email_on",
            Self::EmailOff => "email_off",
            Self::DeviceForgotten => "device_forgotten",
        }
    }

    /// What the query of the page says: one of our words, never a text.
    #[must_use]
    pub fn read(query: &str) -> Option<Self> {
        said(query, &Self::ALL, Self::word)
    }

    /// The path that shows the tab with this word.
    #[must_use]
    pub fn path(self) -> String {
        saying("/account/authentication", self.word())
    }
}

/// Why something was not done; its text is `authentication-trouble-<word>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The policy asks for a second factor.
    Required,
    Frozen,
    EmailOff,
    EmailUnverified,
}

#[derive(Clone, Debug, Serialize)]
pub struct DeviceView {
    /// The value of the button `device`.
    pub id: String,
    pub device: Option<String>,
    pub address: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    /// It is this one.
    pub here: bool,
}

/// `GET /account/authentication`. Posts to `/account/authentication/totp/new`: `csrf_token`; to `/account/authentication/email-codes`: `csrf_token`,
/// `email_codes` = `1` or absent; to `/account/authentication/devices`: `csrf_token`, `device` = id or `all` = `1`.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "what is on and off combines freely")]
pub struct AuthenticationPage {
    pub csrf_token: String,
    pub totp: bool,
    pub totp_since: Option<i64>,
    pub passkeys: usize,
    /// New ones may be added.
    pub passkeys_offered: bool,
    pub required: bool,
    pub frozen: bool,
    pub codes_left: usize,
    pub codes_of: usize,
    /// Codes by e-mail may be a second factor here.
    pub email_offered: bool,
    /// Only for those who have no app.
    pub email_fallback: bool,
    pub email_codes: bool,
    pub devices: Vec<DeviceView>,
    pub said: Option<Said>,
    pub trouble: Option<Trouble>,
}

impl Page for AuthenticationPage {
    const TEMPLATE: &'static str = "pages/authentication.html";

    fn here(&self) -> Option<String> {
        Some("/account/authentication".to_owned())
    }
}

/// `GET /account/authentication/totp`. Posts there: `csrf_token`, `code`; and to `/account/authentication/totp/new`: `csrf_token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TotpPage {
    pub csrf_token: String,
    pub email: String,
    /// There is an app in use, which goes on working until then.
    pub replaces: bool,
    pub picture: TotpPicture,
    pub error: Option<CodeError>,
}

impl Page for TotpPage {
    const TEMPLATE: &'static str = "pages/authentication_totp.html";

    fn here(&self) -> Option<String> {
        Some("/account/authentication/totp".to_owned())
    }
}

/// `GET /account/authentication/code?then=…`. Posts there: `csrf_token`, `then`, and `code` or `ceremony`, `credential`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConfirmCodePage {
    pub csrf_token: String,
    /// A name of `account::confirm::Then`.
    pub then: String,
    pub email: String,
    /// There is an authenticator app.
    pub app: bool,
    /// A passkey may be given instead.
    pub passkey: Option<CeremonyView>,
    pub passkey_error: Option<PasskeyError>,
    pub error: Option<CodeError>,
}

impl Page for ConfirmCodePage {
    const TEMPLATE: &'static str = "pages/authentication_code.html";

    fn here(&self) -> Option<String> {
        Some(format!("/account/authentication/code?then={}", self.then))
    }
}

/// `GET /account/authentication/recovery-codes`. Posts there: `csrf_token`, `saved` or `generate`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RecoveryCodesPage {
    pub csrf_token: String,
    pub email: String,
    pub left: usize,
    pub of: usize,
    /// Empty: they are not shown any more.
    pub codes: Vec<String>,
}

impl Page for RecoveryCodesPage {
    const TEMPLATE: &'static str = "pages/authentication_recovery_codes.html";

    fn here(&self) -> Option<String> {
        Some("/account/authentication/recovery-codes".to_owned())
    }
}

/// `GET /account/authentication/disable`. Posts there: `csrf_token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DisablePage {
    pub csrf_token: String,
    pub trouble: Option<Trouble>,
}

impl Page for DisablePage {
    const TEMPLATE: &'static str = "pages/authentication_disable.html";

    fn here(&self) -> Option<String> {
        Some("/account/authentication/disable".to_owned())
    }
}
