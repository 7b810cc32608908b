//! My Account. Every page has the navigation, whose log-out button posts `csrf_token` to `/account/logout`.

use serde::Serialize;

use super::passkeys::CeremonyView;
use super::password::PasswordProblem;
use super::{said, saying};
use crate::web::Wait;
use crate::web::pages::Page;

/// A word above the page about what was just done; its text is `account-done-<word>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    PasswordChanged,
    ProfileSaved,
    SessionEnded,
    OthersEnded,
    AccessRevoked,
    AdministratorNotified,
}

impl Done {
    pub const ALL: [Self; 6] = [
        Self::PasswordChanged,
        Self::ProfileSaved,
        Self::SessionEnded,
        Self::OthersEnded,
        Self::AccessRevoked,
        Self::AdministratorNotified,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password_changed",
            Self::ProfileSaved => "profile_saved",
            Self::SessionEnded => "session_ended",
            Self::OthersEnded => "others_ended",
            Self::AccessRevoked => "access_revoked",
            Self::AdministratorNotified => "administrator_notified",
        }
    }

    /// What the query of a page says was done: one of our words, never a text.
    #[must_use]
    pub fn said(query: &str) -> Option<Self> {
        said(query, &Self::ALL, Self::word)
    }

    /// The path that shows `page` with this word.
    #[must_use]
    pub fn on(self, page: &str) -> String {
        saying(page, self.word())
    }
}

/// `GET /account`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AccountPage {
    pub csrf_token: String,
    pub email: String,
    pub email_verified: bool,
    pub name: Option<String>,
    /// Seconds since 1970, shown in UTC, as everywhere on these pages.
    pub signed_in_at: i64,
    pub administrator: bool,
    pub password_changed_at: Option<i64>,
    /// The account is going to be deleted then.
    pub delete_at: Option<i64>,
    /// After "This wasn't me": credentials cannot be changed here.
    pub frozen: bool,
    pub done: Option<Done>,
}

impl Page for AccountPage {
    const TEMPLATE: &'static str = "pages/account.html";

    fn here(&self) -> Option<String> {
        Some("/account".to_owned())
    }
}

/// What is wrong with a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ConfirmError {
    MissingPassword,
    WrongPassword,
    MissingCode,
    WrongCode,
    TooManyCodes,
    /// Too many passwords were wrong: not before that.
    Limited {
        wait: Wait,
        #[serde(skip)]
        seconds: u64,
    },
    /// Far too many: only a confirmation by mail, from the login page, helps.
    Ceiling,
    /// "That passkey cannot be used here."
    Passkey,
}

/// `GET /account/confirm?then=…`. Posts to `/account/confirm`: `csrf_token`, `then`, `email` (not read), `password`, `code` when asked;
/// or `ceremony`, `credential`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConfirmPage {
    pub csrf_token: String,
    /// A name of `account::confirm::Then`.
    pub then: String,
    pub email: String,
    pub asks_code: bool,
    /// A code by mail follows.
    pub mails_code: bool,
    /// A passkey may be given instead of both.
    pub passkey: Option<CeremonyView>,
    pub error: Option<ConfirmError>,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "pages/account_confirm.html";

    fn here(&self) -> Option<String> {
        Some(format!("/account/confirm?then={}", self.then))
    }
}

/// `GET /account/password`. Posts there: `csrf_token`, `new_password`, `new_password_confirmation`, `log_out_others` = `1` or absent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PasswordPage {
    pub csrf_token: String,
    pub email: String,
    pub min_length: usize,
    pub log_out_others: bool,
    /// After "This wasn't me": no form, but the way out.
    pub frozen: bool,
    pub problem: Option<PasswordProblem>,
    pub mismatch: bool,
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "pages/account_password.html";

    fn here(&self) -> Option<String> {
        Some("/account/password".to_owned())
    }
}
