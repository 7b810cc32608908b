//! Passkeys: in My Account, at sign-in, and set up on the way.

use serde::Serialize;

use super::second_factor::here;
use super::{ClientView, Notice, said, saying};
use crate::web::Wait;
use crate::web::pages::Page;

/// What the page asks the browser for. `options`: JSON for the script; `state` comes back in the field `ceremony`, the answer in `credential`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CeremonyView {
    pub options: String,
    pub state: String,
}

/// Why a passkey was not taken; its text is `passkey-error-<kind>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PasskeyError {
    /// The browser has answered nothing: there is no JavaScript.
    Missing,
    Refused,
    /// The page was too old.
    Stale,
    Known,
    TooMany,
    NotAllowed,
    /// "This wasn't me" was said: no credential changes.
    Frozen,
    /// It is the last second factor, and one is required.
    Required,
    Name,
    Blocked {
        wait: Wait,
    },
    Ceiling,
}

/// A word above the page about what was just done; its text is `passkeys-done-<word>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeysDone {
    Added,
    Renamed,
    Removed,
}

impl PasskeysDone {
    pub const ALL: [Self; 3] = [Self::Added, Self::Renamed, Self::Removed];

    const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Renamed => "renamed",
            Self::Removed => "removed",
        }
    }

    /// What the query of the page says: one of our words, never a text.
    #[must_use]
    pub fn read(query: &str) -> Option<Self> {
        said(query, &Self::ALL, Self::word)
    }

    /// The path that shows the page with this word.
    #[must_use]
    pub fn path(self) -> String {
        saying("/account/authentication/passkeys", self.word())
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct PasskeyView {
    /// The value of the field `passkey`.
    pub id: String,
    pub name: String,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
    pub backed_up: bool,
    /// It may stand in place of the password.
    pub alone: bool,
}

/// `GET /account/authentication/passkeys`. Posts there: `csrf_token`, `name`, `ceremony`, `credential`; to `…/rename`: `csrf_token`, `passkey`, `name`; to
/// `…/remove`: `csrf_token`, `passkey`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PasskeysPage {
    pub csrf_token: String,
    pub passkeys: Vec<PasskeyView>,
    /// None: no more can be added; `error` or `full` says why.
    pub ceremony: Option<CeremonyView>,
    pub full: bool,
    /// New ones are not allowed.
    pub forbidden: bool,
    pub frozen: bool,
    /// A name to begin with.
    pub name: String,
    pub done: Option<PasskeysDone>,
    pub error: Option<PasskeyError>,
}

impl Page for PasskeysPage {
    const TEMPLATE: &'static str = "pages/authentication_passkeys.html";

    fn here(&self) -> Option<String> {
        Some("/account/authentication/passkeys".to_owned())
    }
}

/// `GET /login/passkey`. Posts there: `i`, `csrf_token`, `ceremony`, `credential`; and to `/login/email-code`: `i`, `csrf_token`, `send`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PasskeyPage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    pub ceremony: CeremonyView,
    /// There is an authenticator app, too.
    pub app: bool,
    /// A code by e-mail may be given instead.
    pub email_code: bool,
    pub client: Option<ClientView>,
    pub error: Option<PasskeyError>,
    pub notice: Option<Notice>,
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for PasskeyPage {
    const TEMPLATE: &'static str = "pages/login_passkey.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(here("/login/passkey", self.flow.as_deref()))
    }
}

/// `GET /login/enroll/passkey`. Posts there: `i`, `csrf_token`, `name`, `ceremony`, `credential`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EnrollPasskeyPage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    /// By the policy; otherwise the application asks for it.
    pub required: bool,
    /// An authenticator app may be set up instead.
    pub app: bool,
    pub name: String,
    pub ceremony: CeremonyView,
    pub client: Option<ClientView>,
    pub error: Option<PasskeyError>,
    pub notice: Option<Notice>,
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for EnrollPasskeyPage {
    const TEMPLATE: &'static str = "pages/login_enroll_passkey.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(here("/login/enroll/passkey", self.flow.as_deref()))
    }
}
