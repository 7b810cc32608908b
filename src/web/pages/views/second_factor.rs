//! The second factor at sign-in, and setting one up.

use serde::Serialize;

use super::{ClientView, Notice, with_flow};
use crate::web::Wait;
use crate::web::pages::Page;

/// What is wrong with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum CodeError {
    Missing,
    Format,
    Wrong,
    /// The next one comes in so many seconds.
    Used {
        seconds: u64,
    },
    /// The clock of the app is off.
    Drifting,
    WrongEmail,
    MissingRecovery,
    FormatRecovery,
    WrongRecovery,
    Blocked {
        wait: Wait,
    },
    /// Waiting does not help any more.
    Ceiling,
    TooManyMails,
    /// The person's organisation allows other second factors only.
    NotAllowed,
    /// "This wasn't me" was said: no credential changes.
    Frozen,
}

pub(super) fn here(path: &str, flow: Option<&str>) -> String {
    flow.map_or_else(|| path.to_owned(), |flow| with_flow(path, flow))
}

/// `GET /login/code`. Posts to `/login/code`: `i`, `csrf_token`, `code`, `trust`; and to `/login/email-code`: `i`, `csrf_token`, `send`.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way on that the page offers or does not")]
pub struct CodePage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    pub client: Option<ClientView>,
    pub error: Option<CodeError>,
    pub notice: Option<Notice>,
    /// A code by e-mail may be given instead.
    pub email_code: bool,
    /// A passkey may be given instead.
    pub passkey: bool,
    /// For how many days this device may be trusted, if it may.
    pub trust_days: Option<u64>,
    /// The box for it is ticked.
    pub trust: bool,
    /// A mail may be asked for that lifts the pause.
    pub unlock: bool,
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for CodePage {
    const TEMPLATE: &'static str = "pages/login_code.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(here("/login/code", self.flow.as_deref()))
    }
}

/// `GET /login/recovery-code`. Posts there: `i`, `csrf_token`, `code`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RecoveryCodePage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    /// There is an authenticator app.
    pub app: bool,
    /// There is a passkey.
    pub passkey: bool,
    pub client: Option<ClientView>,
    pub error: Option<CodeError>,
    pub notice: Option<Notice>,
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for RecoveryCodePage {
    const TEMPLATE: &'static str = "pages/login_recovery_code.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(here("/login/recovery-code", self.flow.as_deref()))
    }
}

/// `GET /login/email-code`. Posts there: `i`, `csrf_token`, and `code` or `send`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EmailCodePage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    /// Where the last one went, shortened; none: none was sent yet.
    pub sent_to: Option<String>,
    /// How long one is good for.
    pub minutes: u64,
    /// Seconds until another one may be asked for.
    pub again_in: u64,
    /// There is an authenticator app, too.
    pub app: bool,
    pub client: Option<ClientView>,
    pub error: Option<CodeError>,
    pub notice: Option<Notice>,
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for EmailCodePage {
    const TEMPLATE: &'static str = "pages/login_email_code.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(here("/login/email-code", self.flow.as_deref()))
    }
}

/// What is shown of a secret: the QR code as a path on a square of `size`, the key URI, the secret in groups of four.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TotpPicture {
    pub size: i32,
    pub path: String,
    pub uri: String,
    pub groups: Vec<String>,
}

/// `GET /login/enroll`. Posts there: `i`, `csrf_token`, `code`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EnrollPage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    /// By the policy; otherwise the application asks for it.
    pub required: bool,
    /// A passkey may be set up instead.
    pub passkey: bool,
    pub picture: TotpPicture,
    pub client: Option<ClientView>,
    pub error: Option<CodeError>,
    pub notice: Option<Notice>,
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for EnrollPage {
    const TEMPLATE: &'static str = "pages/login_enroll.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(here("/login/enroll", self.flow.as_deref()))
    }
}

/// `GET /login/recovery-codes`. Posts there: `i`, `csrf_token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SavedCodesPage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    pub codes: Vec<String>,
    pub client: Option<ClientView>,
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for SavedCodesPage {
    const TEMPLATE: &'static str = "pages/login_recovery_codes.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(here("/login/recovery-codes", self.flow.as_deref()))
    }
}
