//! Registration, invitations, confirming an address.

use serde::Serialize;

use super::recovery::{DeadLink, PasswordError};
use super::{ClientView, with_flow};
use crate::web::pages::Page;

/// What is wrong with a code of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeProblem {
    Malformed,
    Wrong,
    Spent,
}

/// What the page of a confirmation shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// The field for the code.
    #[default]
    Code,
    /// The button, for the address of an account.
    Confirm,
    /// The button, for an address that replaces another.
    Change,
    Done,
    Used,
    Expired,
    Unknown,
    /// Somebody else's meanwhile.
    Taken,
    /// Somebody else is signed in here.
    Another,
}

/// `GET /email/confirm`. Posts there: `csrf_token`, `code` (in [`Confirmation::Code`]).
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConfirmEmailPage {
    pub csrf_token: String,
    pub state: Confirmation,
    pub email: String,
    pub error: Option<CodeProblem>,
}

impl Page for ConfirmEmailPage {
    const TEMPLATE: &'static str = "pages/confirm_email.html";

    fn here(&self) -> Option<String> {
        Some("/email/confirm".to_owned())
    }
}

/// What is wrong with the address of somebody who wants an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SignUpError {
    Email,
    /// Letters of several scripts that look alike.
    MixedScripts,
    /// Only these may register.
    Domain {
        domains: String,
    },
}

/// `GET /sign-up`. Posts there: `csrf_token`, `i`, `email`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignUpPage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    pub client: Option<ClientView>,
    pub error: Option<SignUpError>,
    pub refreshed: bool,
}

impl Page for SignUpPage {
    const TEMPLATE: &'static str = "pages/sign_up.html";

    fn here(&self) -> Option<String> {
        Some(self.flow.as_deref().map_or_else(|| "/sign-up".to_owned(), |flow| with_flow("/sign-up", flow)))
    }
}

/// `GET /sign-up`, where people cannot make accounts themselves.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignUpClosedPage {
    pub flow: Option<String>,
    /// Accounts are made by invitation: whoever has none may ask for one.
    pub by_invitation: bool,
}

impl Page for SignUpClosedPage {
    const TEMPLATE: &'static str = "pages/sign_up_closed.html";

    fn here(&self) -> Option<String> {
        Some(self.flow.as_deref().map_or_else(|| "/sign-up".to_owned(), |flow| with_flow("/sign-up", flow)))
    }
}

/// `GET /sign-up/sent`. Posts there: `csrf_token`, `i`, `code`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignUpSentPage {
    pub flow: Option<String>,
    pub csrf_token: String,
    pub email: String,
    pub error: Option<CodeProblem>,
}

impl Page for SignUpSentPage {
    const TEMPLATE: &'static str = "pages/sign_up_sent.html";

    fn here(&self) -> Option<String> {
        Some(self.flow.as_deref().map_or_else(|| "/sign-up/sent".to_owned(), |flow| with_flow("/sign-up/sent", flow)))
    }
}

/// `GET /invitation` (by somebody else) and `GET /sign-up/finish` (by oneself): the account. Posts there: `csrf_token`, `name`, `new_password`,
/// `new_password_confirmation` (and `email`, for password managers).
#[derive(Clone, Debug, Default, Serialize)]
pub struct JoinPage {
    pub csrf_token: String,
    /// Where it posts to.
    pub path: String,
    pub email: String,
    pub name: String,
    pub organization: Option<String>,
    pub min_length: usize,
    pub error: Option<PasswordError>,
    pub refreshed: bool,
}

impl Page for JoinPage {
    const TEMPLATE: &'static str = "pages/join.html";

    fn here(&self) -> Option<String> {
        Some(self.path.clone())
    }
}

/// The same, with a link that is used, too old or not known, or whose address has an account.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JoinDeadPage {
    pub why: DeadLink,
    pub invited: bool,
}

impl Page for JoinDeadPage {
    const TEMPLATE: &'static str = "pages/join_dead.html";
}

/// What is wrong with a new address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailError {
    Invalid,
    MixedScripts,
    /// The one the account has.
    Same,
    /// Too many mails within the hour.
    Limited,
    /// Not of a domain that may have accounts here.
    Domain,
}

/// `GET /account/email`. Posts there: `csrf_token`, `email`; "Send" posts `csrf_token` to `/email/confirm/send`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EmailPage {
    pub csrf_token: String,
    pub email: String,
    pub email_verified: bool,
    pub typed: String,
    /// Those that may, when one is [`EmailError::Domain`].
    pub domains: String,
    pub error: Option<EmailError>,
    /// After "This wasn't me".
    pub frozen: bool,
}

impl Page for EmailPage {
    const TEMPLATE: &'static str = "pages/account_email.html";

    fn here(&self) -> Option<String> {
        Some("/account/email".to_owned())
    }
}
