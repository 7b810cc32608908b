//! The pages' structs: what each template may use. Filled by the rooms that answer for the page.

pub mod account;
pub mod activity;
pub mod authentication;
pub mod deletion;
pub mod device;
pub mod devices;
pub mod form_post;
pub mod mail;
pub mod passkeys;
pub mod password;
pub mod profile;
pub mod recovery;
pub mod registration;
pub mod second_factor;
pub mod unlock;

use serde::Serialize;

use super::Page;
use crate::web::Wait;

pub(super) fn with_flow(path: &str, flow: &str) -> String {
    format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("i", flow).finish())
}

/// The parameter in which a page is told what was just done.
const DONE: &str = "done";

/// Which of `words` the query of a page says was done: one of ours, never a text.
fn said<T: Copy>(query: &str, words: &[T], word: fn(T) -> &'static str) -> Option<T> {
    let (_, said) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == DONE)?;
    words.iter().copied().find(|done| word(*done) == said)
}

/// The path that shows `page` with this word.
fn saying(page: &str, word: &str) -> String {
    format!("{page}?{DONE}={word}")
}

/// The application on whose behalf a page is shown.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ClientView {
    pub name: String,
    pub client_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
}

/// `GET /`: what this is, with links to My Account, discovery and the JWKS.
#[derive(Clone, Debug, Serialize)]
pub struct HomePage {
    pub issuer: String,
}

impl Page for HomePage {
    const TEMPLATE: &'static str = "pages/home.html";
}

/// What is wrong with a sign-in attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginError {
    /// "The email or password is not correct."
    Refused,
    MissingEmail,
    MissingPassword,
    /// Too many were wrong: `LoginPage::wait` says until when.
    Limited,
    /// Far too many: only a confirmation by mail helps.
    Ceiling,
    /// "That passkey cannot be used here."
    Passkey,
    /// The page lay open for too long.
    PasskeyStale,
    /// Too many tries: not now.
    PasskeyBlocked,
}

/// A word above the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    LoggedOut,
    /// The form's token did not fit (cookies cleared meanwhile); here is a fresh form.
    FormRefreshed,
    /// The first administrator has been made.
    SetupDone,
    /// Too many wrong codes: from the password again.
    CodeFailed,
    /// The second factor took too long: from the password again.
    CodeExpired,
    /// A new password was chosen with the link of a mail.
    PasswordReset,
    /// The person has just made their account.
    AccountCreated,
    /// A pause was lifted with the link of a mail.
    Unlocked,
}

/// `GET /login`. Posts to `/login`: `i` or `then`, `csrf_token`, and `email`, `password` or `ceremony`, `credential`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoginPage {
    /// The sealed flow; none: ends at My Account.
    pub flow: Option<String>,
    /// The page of My Account at which it ends without a flow, by name; none: the overview.
    pub then: Option<String>,
    pub csrf_token: String,
    /// Passkeys are offered.
    pub passkey: Option<passkeys::CeremonyView>,
    /// Prefilled address.
    pub email: String,
    /// The address is that of the person signed in, who is asked again (`prompt=login`, `max_age`): shown read-only.
    pub again: bool,
    /// The link "Not you? Use another account", when `again`.
    pub another_account: Option<String>,
    pub client: Option<ClientView>,
    pub error: Option<LoginError>,
    /// Until another try, with `Limited`.
    pub wait: Option<Wait>,
    pub notice: Option<Notice>,
    /// Where a post from this page may lead beside ourselves: `web::pages::form_action_sources(redirect_uri, …)`.
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "pages/login.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(match (&self.flow, &self.then) {
            (Some(flow), _) => with_flow("/login", flow),
            (None, Some(then)) => format!("/login?then={then}"),
            (None, None) => "/login".to_owned(),
        })
    }
}

/// What an application may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScopeView {
    pub value: String,
    /// What its definition says of it. Without it the text is `scope-<value>`, or the value itself where there is none.
    pub description: Option<String>,
}

impl ScopeView {
    #[must_use]
    pub fn new(value: &str, description: Option<&str>) -> Self {
        Self { value: value.to_owned(), description: description.map(str::to_owned) }
    }
}

/// `GET /consent`. Posts to `/consent`: `i`, `csrf_token`, `decision` = `allow` or `deny`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConsentPage {
    pub flow: String,
    pub csrf_token: String,
    pub client: ClientView,
    /// Where the answer goes, for the person to recognise.
    pub client_host: String,
    /// Who is signed in.
    pub email: String,
    /// The link "Not you? Use another account".
    pub another_account: String,
    /// Asked for, without `openid`.
    pub scopes: Vec<ScopeView>,
    /// Where a post from this page may lead beside ourselves: `web::pages::form_action_sources(redirect_uri, …)`.
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for ConsentPage {
    const TEMPLATE: &'static str = "pages/consent.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(with_flow("/consent", &self.flow))
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct AccountChoice {
    /// The user's id, the value of the buttons `account` and `remove`.
    pub id: String,
    pub email: String,
    pub name: Option<String>,
    /// Signed in now; otherwise the password will be asked.
    pub signed_in: bool,
}

/// `GET /choose-account`. Posts to `/choose-account`: `i`, `csrf_token`, and `account` = id, or `remove` = id, or `another` = `1`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChooseAccountPage {
    pub flow: String,
    pub csrf_token: String,
    pub client: ClientView,
    pub accounts: Vec<AccountChoice>,
    /// Where a post from this page may lead beside ourselves: `web::pages::form_action_sources(redirect_uri, …)`.
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for ChooseAccountPage {
    const TEMPLATE: &'static str = "pages/choose_account.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }

    fn here(&self) -> Option<String> {
        Some(with_flow("/choose-account", &self.flow))
    }
}

/// `GET /logout` without a valid hint. Posts to `/logout/confirm`: `logout`, `csrf_token`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogoutPage {
    /// The sealed logout request.
    pub logout: String,
    pub csrf_token: String,
    pub email: String,
    /// The application that asks, when known.
    pub client_name: Option<String>,
    /// Where a post from this page may lead beside ourselves: `web::pages::form_action_sources(redirect_uri, …)`.
    #[serde(skip)]
    pub return_origin: Option<String>,
}

impl Page for LogoutPage {
    const TEMPLATE: &'static str = "pages/logout.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }
}

/// After a logout that ends here.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoggedOutPage {
    /// Names of the applications that are being told.
    pub applications: Vec<String>,
    /// A logout was asked for with something unacceptable (such as an unregistered `post_logout_redirect_uri`): the text says that nothing was redirected.
    pub not_returned: bool,
}

impl Page for LoggedOutPage {
    const TEMPLATE: &'static str = "pages/logged_out.html";
}

/// What is wrong with the first administrator's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupError {
    Email,
    EmailTaken,
}

/// `GET /setup?token=…`. Posts to `/setup`: `token`, `csrf_token`, `email`, `name`, `new_password`, `new_password_confirmation`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SetupPage {
    pub token: String,
    pub csrf_token: String,
    pub email: String,
    pub name: String,
    pub min_length: usize,
    pub error: Option<SetupError>,
    pub problem: Option<password::PasswordProblem>,
    pub mismatch: bool,
}

impl Page for SetupPage {
    const TEMPLATE: &'static str = "pages/setup.html";

    fn here(&self) -> Option<String> {
        Some(format!("/setup?{}", form_urlencoded::Serializer::new(String::new()).append_pair("token", &self.token).finish()))
    }
}
