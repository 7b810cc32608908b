//! Samples of every page in every state, for the template check, the tests, and whoever wants to look at them.

mod account;
mod account_areas;
mod authentication;
mod device;
mod mail;
mod passkeys;
mod recovery;
mod registration;
mod second_factor;
mod unlock;

use minijinja::Value;
use minijinja::value::Serde;

use super::views::form_post::FormPostPage;
use super::views::mail::Letter;
use super::views::password::PasswordProblem;
use super::views::{
    AccountChoice, ChooseAccountPage, ClientView, ConsentPage, HomePage, LoggedOutPage, LoginError, LoginPage, LogoutPage, Notice,
    ScopeView, SetupError, SetupPage,
};
use super::{Page, Pages, check, engine};
use crate::config;
use crate::web::page_error::ErrorPage;
use crate::web::{ErrorKind, Locale, Visit, Wait};

/// A page in one state.
pub struct Sample {
    /// `login-refused`: good for a file name.
    pub name: String,
    template: &'static str,
    page: Value,
    here: Option<String>,
    /// Element ids that others script against (`docs` call them stable).
    requires: &'static [&'static str],
}

impl Sample {
    fn of<P: Page>(name: impl Into<String>, requires: &'static [&'static str], page: &P) -> Self {
        Self { name: name.into(), template: P::TEMPLATE, page: Value::from(Serde(page)), here: page.here(), requires }
    }

    /// The sample as HTML.
    ///
    /// # Errors
    /// What the template or a text complains about.
    pub fn render(&self, pages: &Pages, locale: Locale) -> Result<String, String> {
        let visit = Visit { request_id: "0123456789abcdef0123456789abcdef".to_owned(), ..Visit::anonymous("/sample?x=<&>\"'") };
        pages.fill(self.template, &visit, locale, self.page.clone(), self.here.clone())
    }
}

/// Renders every sample and these letters in every language, strictly, and checks what holds for every page and mail. Returns how many were rendered.
///
/// # Errors
/// All complaints: `pt-BR/login-refused: …`.
pub fn check(brand: &config::Brand, letters: &[(String, Letter)]) -> Result<usize, Vec<String>> {
    let used = engine::Used::default();
    let pages = Pages::load_watched(brand, Some(&used)).map_err(|error| vec![error])?;
    let mut complaints = Vec::new();
    let mut count = 0;
    for sample in all() {
        for locale in Locale::ALL {
            let name = format!("{}/{}", locale.tag(), sample.name);
            match sample.render(&pages, locale) {
                Ok(html) => {
                    complaints.extend(check::page(&html, brand, locale, sample.requires).into_iter().map(|what| format!("{name}: {what}")));
                }
                Err(error) => complaints.push(format!("{name}: {error}")),
            }
            count += 1;
        }
    }
    for (name, letter) in letters {
        for locale in Locale::ALL {
            let found = match pages.mail(locale, letter) {
                Ok(rendered) => mail::complaints(letter, &rendered, locale),
                Err(error) => vec![error],
            };
            complaints.extend(found.into_iter().map(|what| format!("{}/{name}: {what}", locale.tag())));
            count += 1;
        }
    }
    let used = used.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // Some are there only when the operator offers help, or offers none.
    let elsewhere: &[&str] = if brand.support_url.is_some() { &["mail-footer-no-answer"] } else { &["help", "mail-footer-help"] };
    let unused = pages.0.texts.ids().filter(|id| !used.contains(*id) && !elsewhere.contains(id));
    complaints.extend(unused.map(|id| format!("locales: message {id} is used by no page and no mail")));
    if complaints.is_empty() { Ok(count) } else { Err(complaints) }
}

/// Every page in every state.
#[must_use]
pub fn all() -> Vec<Sample> {
    let home = Sample::of("home", &[], &HomePage { issuer: "https://id.example.com".to_owned() });
    let mut samples = vec![home];
    samples.extend(login());
    samples.extend(consent());
    samples.extend(choose_account());
    samples.extend(form_post());
    samples.extend(logout());
    samples.extend(account::all());
    samples.extend(authentication::all());
    samples.extend(second_factor::all());
    samples.extend(passkeys::all());
    samples.extend(recovery::all());
    samples.extend(unlock::all());
    samples.extend(device::all());
    samples.extend(registration::all());
    samples.extend(setup());
    samples.extend(errors());
    samples
}

const LOGIN_IDS: &[&str] = &["identifier", "password", "login-submit"];
const HOSTILE: &str = "<script>alert(1)</script>\"' onfocus=x & \u{202e}\u{5d0}\u{5d1}\u{5d2} \u{645}\u{631}\u{62d}\u{628}\u{627}";

fn flow() -> String {
    "Sealed-flow_0123456789abcdefghijklmnopqrstuvwxyz".repeat(12)
}

fn client() -> ClientView {
    ClientView {
        name: "AutoTalk".to_owned(),
        client_uri: Some("https://autotalk.example.com".to_owned()),
        policy_uri: Some("https://autotalk.example.com/privacy".to_owned()),
        tos_uri: Some("https://autotalk.example.com/terms".to_owned()),
    }
}

fn long_client() -> ClientView {
    ClientView { name: "Ministry of Administrative Affairs Interdepartmental Correspondence Tracking".to_owned(), ..ClientView::default() }
}

fn login() -> Vec<Sample> {
    let bare = LoginPage { csrf_token: "token".to_owned(), ..LoginPage::default() };
    let with_client = LoginPage { flow: Some(flow()), client: Some(client()), ..bare.clone() };
    let refused = LoginPage { email: "ana@example.com".to_owned(), error: Some(LoginError::Refused), ..with_client.clone() };
    let again = LoginPage {
        email: "ana@example.com".to_owned(),
        again: true,
        another_account: Some("/choose-account?i=x".to_owned()),
        ..with_client.clone()
    };
    let hostile = LoginPage {
        email: HOSTILE.to_owned(),
        client: Some(ClientView { name: HOSTILE.to_owned(), policy_uri: Some(HOSTILE.to_owned()), ..ClientView::default() }),
        ..with_client.clone()
    };
    let states = [
        ("login", bare.clone()),
        ("login-client", with_client.clone()),
        ("login-hint", LoginPage { email: "ana@example.com".to_owned(), ..with_client.clone() }),
        ("login-refused", refused),
        ("login-missing-email", LoginPage { error: Some(LoginError::MissingEmail), ..bare.clone() }),
        ("login-missing-password", LoginPage { error: Some(LoginError::MissingPassword), ..with_client.clone() }),
        ("login-again", again),
        ("login-limited", LoginPage { error: Some(LoginError::Limited), wait: Some(Wait::of(240)), ..with_client.clone() }),
        ("login-ceiling", LoginPage { error: Some(LoginError::Ceiling), email: HOSTILE.to_owned(), ..with_client.clone() }),
        ("login-unlocked", LoginPage { notice: Some(Notice::Unlocked), ..bare.clone() }),
        ("login-logged-out", LoginPage { notice: Some(Notice::LoggedOut), ..bare.clone() }),
        ("login-form-refreshed", LoginPage { notice: Some(Notice::FormRefreshed), ..with_client.clone() }),
        ("login-setup-done", LoginPage { notice: Some(Notice::SetupDone), ..bare.clone() }),
        ("login-password-reset", LoginPage { notice: Some(Notice::PasswordReset), ..bare.clone() }),
        ("login-account-created", LoginPage { notice: Some(Notice::AccountCreated), ..bare }),
        ("login-password-reset-client", LoginPage { notice: Some(Notice::PasswordReset), ..with_client.clone() }),
        ("login-long-name", LoginPage { client: Some(long_client()), ..with_client }),
        ("login-hostile", hostile),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, LOGIN_IDS, page)).collect()
}

fn consent() -> Vec<Sample> {
    let ids = &["consent-allow", "consent-deny"];
    let page = ConsentPage {
        flow: flow(),
        csrf_token: "token".to_owned(),
        client: client(),
        client_host: "autotalk.example.com".to_owned(),
        email: "ana@example.com".to_owned(),
        another_account: "/choose-account?i=x".to_owned(),
        scopes: ["profile", "email", "phone", "address", "offline_access"].map(|value| ScopeView::new(value, None)).into(),
        return_origin: None,
    };
    let openid = ConsentPage { scopes: Vec::new(), client: long_client(), ..page.clone() };
    let hostile = ConsentPage {
        scopes: vec![ScopeView::new("tickets:write", None), ScopeView::new(HOSTILE, None), ScopeView::new("roles", Some(HOSTILE))],
        client: ClientView { name: HOSTILE.to_owned(), tos_uri: Some("javascript:alert(1)".to_owned()), ..ClientView::default() },
        email: HOSTILE.to_owned(),
        client_host: HOSTILE.to_owned(),
        ..page.clone()
    };
    [("consent", page), ("consent-openid", openid), ("consent-hostile", hostile)]
        .iter()
        .map(|(name, page)| Sample::of(*name, ids, page))
        .collect()
}

fn form_post() -> Vec<Sample> {
    let ids = &["form-post", "form-post-submit"];
    let action = "https://autotalk.example.com/signin-oidc?tenant=a&lang=<\"'>";
    let code = "c".repeat(300);
    let granted = FormPostPage::new("AutoTalk", action, &[("code", &code), ("state", HOSTILE), ("iss", "https://id.example.com")], None);
    let refused = FormPostPage::new(HOSTILE, action, &[("error", "access_denied"), ("error_description", "it's no"), ("iss", "x")], None);
    let long = FormPostPage::new(&long_client().name, action, &[], None);
    [("form-post", granted), ("form-post-refused", refused), ("form-post-long-name", long)]
        .iter()
        .map(|(name, page)| Sample::of(*name, ids, page))
        .collect()
}

fn choose_account() -> Vec<Sample> {
    let account = |id: &str, email: &str, name: Option<&str>, signed_in| AccountChoice {
        id: id.to_owned(),
        email: email.to_owned(),
        name: name.map(str::to_owned),
        signed_in,
    };
    let page = ChooseAccountPage {
        flow: flow(),
        csrf_token: "token".to_owned(),
        client: client(),
        accounts: vec![
            account("1", "ana@example.com", Some("Ana Lima"), true),
            account("2", "a.very.long.address.of.somebody@department.of.something.example.com", None, false),
            account("3", HOSTILE, Some(HOSTILE), false),
        ],
        return_origin: None,
    };
    let empty = ChooseAccountPage { accounts: Vec::new(), ..page.clone() };
    vec![Sample::of("choose-account", &[], &page), Sample::of("choose-account-none", &[], &empty)]
}

fn logout() -> Vec<Sample> {
    let ids = &["logout-confirm"];
    let page = LogoutPage { logout: flow(), csrf_token: "token".to_owned(), email: "ana@example.com".to_owned(), ..LogoutPage::default() };
    let asked = LogoutPage { client_name: Some("AutoTalk".to_owned()), ..page.clone() };
    let hostile = LogoutPage { client_name: Some(HOSTILE.to_owned()), email: HOSTILE.to_owned(), ..page.clone() };
    let told = LoggedOutPage { applications: vec!["AutoTalk".to_owned(), HOSTILE.to_owned()], not_returned: false };
    vec![
        Sample::of("logout", ids, &page),
        Sample::of("logout-asked", ids, &asked),
        Sample::of("logout-hostile", ids, &hostile),
        Sample::of("logged-out", &[], &LoggedOutPage::default()),
        Sample::of("logged-out-told", &[], &told),
        Sample::of("logged-out-not-returned", &[], &LoggedOutPage { not_returned: true, ..LoggedOutPage::default() }),
    ]
}

fn setup() -> Vec<Sample> {
    let ids = &["identifier", "new-password", "new-password-confirmation", "setup-submit"];
    let page = SetupPage { token: flow(), csrf_token: "token".to_owned(), min_length: 15, ..SetupPage::default() };
    let typed = SetupPage { email: "ana@example.com".to_owned(), name: HOSTILE.to_owned(), ..page.clone() };
    let short = Some(PasswordProblem::TooShort { min: 15, typed: 9 });
    let states = [
        ("setup", page.clone()),
        ("setup-email", SetupPage { error: Some(SetupError::Email), problem: short, email: HOSTILE.to_owned(), ..page }),
        ("setup-taken", SetupPage { error: Some(SetupError::EmailTaken), mismatch: true, ..typed.clone() }),
        ("setup-mismatch", SetupPage { mismatch: true, ..typed.clone() }),
        ("setup-too-long", SetupPage { problem: Some(PasswordProblem::TooLong), ..typed }),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, ids, page)).collect()
}

fn errors() -> Vec<Sample> {
    let restart = || Some("/authorize/resume?i=x".to_owned());
    let fault = |received: Option<&str>, difference: Option<&str>, client_name: Option<&str>| ErrorKind::Application {
        error: "invalid_request",
        parameter: "redirect_uri",
        received: received.map(str::to_owned),
        rule: "The redirect_uri must be exactly one of those registered for the client (RFC 9700 §2.1).".to_owned(),
        difference: difference.map(str::to_owned),
        client_name: client_name.map(str::to_owned),
    };
    let difference = Some("It differs from a registered one only by a trailing slash.");
    let kinds = [
        ("error-not-found", ErrorKind::NotFound),
        ("error-method", ErrorKind::MethodNotAllowed),
        ("error-bad-request", ErrorKind::BadRequest),
        ("error-too-large", ErrorKind::TooLarge),
        ("error-too-many-requests", ErrorKind::TooManyRequests { retry_after: 240 }),
        ("error-busy-seconds", ErrorKind::Busy { retry_after: 5 }),
        ("error-busy-hours", ErrorKind::Busy { retry_after: 10_000 }),
        ("error-internal", ErrorKind::Internal),
        ("error-forbidden", ErrorKind::Forbidden),
        ("error-banned", ErrorKind::Banned),
        ("error-expired", ErrorKind::Expired { restart: restart() }),
        ("error-expired-no-restart", ErrorKind::Expired { restart: None }),
        ("error-cookies-blocked", ErrorKind::CookiesBlocked { restart: restart() }),
    ];
    let faults = [
        ("error-application", fault(Some("https://autotalk.example.com/callback/"), difference, Some("AutoTalk"))),
        ("error-application-bare", fault(None, None, None)),
        ("error-application-hostile", fault(Some(&HOSTILE.repeat(20)), None, Some(HOSTILE))),
    ];
    let page = |kind: &ErrorKind| ErrorPage::of(kind, 1_800_000_000);
    let plain = kinds.iter().map(|(name, kind)| Sample::of(*name, &[], &page(kind)));
    plain.chain(faults.iter().map(|(name, kind)| Sample::of(*name, &["error-code"], &page(kind)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_in_every_state_and_language_holds_what_all_pages_promise() {
        for support_url in [None, Some("https://help.example.com".to_owned())] {
            let brand = config::Brand { support_url, ..config::Brand::default() };
            let letters =
                crate::mail::samples::letters(&config::Config::default().issuer(), crate::clock::Timestamp::from_secs(1_800_000_000));
            if let Err(complaints) = check(&brand, &letters) {
                panic!("{}", complaints.join("\n"));
            }
        }
    }

    /// `VESTIBULE_SAMPLES=dir`: writes all samples there, to be looked at.
    #[test]
    fn samples_can_be_written_to_files() {
        let Some(directory) = std::env::var_os("VESTIBULE_SAMPLES").map(std::path::PathBuf::from) else { return };
        let pages = Pages::load(&config::Brand::default()).unwrap();
        for sample in all() {
            for locale in Locale::ALL {
                let file = directory.join(format!("{}.{}.html", sample.name, locale.tag()));
                std::fs::write(file, sample.render(&pages, locale).unwrap()).unwrap();
            }
        }
    }
}
