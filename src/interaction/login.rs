//! `/login`: e-mail and password.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode};

use super::flow::{self, Flow, FlowQuery};
use super::form::{self, facts, see_other};
use super::known_accounts;
use crate::account::known_device;
use crate::account::sign_in::{self, Attempt};
use crate::app::App;
use crate::secret::Secret;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::{LoginError, LoginPage, Notice};
use crate::web::{ErrorKind, PageError, Params, StrictForm, Visit, csrf};

/// Where a sign-in ends that no application asked for.
const MY_ACCOUNT: &str = "/account";

/// The form; or straight on, when there is nothing to ask: after a sign-in in another tab, or on the way back.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(
    State(app): State<App>,
    visit: Visit,
    FlowQuery(sealed): FlowQuery,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let place = Place::open(&app, &visit, sealed.as_deref())?;
    let current = session::current(&app, &visit).await?;
    if current.as_ref().is_some_and(|current| place.has_nothing_to_ask(current)) {
        return Ok(see_other(&place.path_after()));
    }
    let email = place.login_hint().unwrap_or_default().to_owned();
    let form = Form { email, error: None, notice: notice(query.as_deref().unwrap_or_default()) };
    show(&app, &visit, &place, current.as_ref(), form).await
}

/// Verifies, starts the session, goes on. A form that fails comes back with status 422: sending it again does no harm.
///
/// # Errors
/// A page: posted by another site, the flow is over, too many sign-ins at once, the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let place = Place::open(&app, &visit, posted.get(flow::PARAM))?;
    match attempt(&app, &visit, trust, &posted).await? {
        Outcome::SignedIn { cookies } => {
            Ok(cookies.into_iter().fold(see_other(&place.path_after()), |response, cookie| with_cookie(response, Some(cookie))))
        }
        Outcome::Again(form) => {
            let current = session::current(&app, &visit).await?;
            let mut response = show(&app, &visit, &place, current.as_ref(), form).await?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}

/// What became of a posted form.
enum Outcome {
    /// With the cookies to set.
    SignedIn {
        cookies: [HeaderValue; 3],
    },
    Again(Form),
}

/// The form's content and its word to the person.
struct Form {
    email: String,
    error: Option<LoginError>,
    notice: Option<Notice>,
}

/// Nothing of the form is looked at beyond the address before its token is known to fit.
async fn attempt(app: &App, visit: &Visit, trust: Trust, posted: &Params) -> Result<Outcome, PageError> {
    let email = posted.get("email").unwrap_or_default().trim();
    let again = |error, notice| Ok(Outcome::Again(Form { email: email.to_owned(), error, notice }));
    if trust == Trust::Stale {
        return again(None, Some(Notice::FormRefreshed));
    }
    if email.is_empty() {
        return again(Some(LoginError::MissingEmail), None);
    }
    let Some(password) = posted.get("password") else {
        return again(Some(LoginError::MissingPassword), None);
    };
    let origin = session::origin(visit);
    match sign_in::verify(app, email, Secret::new(password.to_owned()), &origin).await? {
        Attempt::Refused => again(Some(LoginError::Refused), None),
        Attempt::Busy => Err(PageError::new(ErrorKind::Busy { retry_after: 2 })),
        Attempt::Proven { user, proof } => {
            let started = session::start(app, visit, &user, proof, &origin).await?;
            let device = known_device::greet(app, visit, &user, &started.session).await;
            Ok(Outcome::SignedIn { cookies: [started.set_cookie, known_accounts::remember(app, visit, user.id), device] })
        }
    }
}

/// The word another page of ours sends along: one of ours, never a text.
fn notice(query: &str) -> Option<Notice> {
    let (_, word) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "notice")?;
    match &*word {
        "logged_out" => Some(Notice::LoggedOut),
        "setup_done" => Some(Notice::SetupDone),
        "password_reset" => Some(Notice::PasswordReset),
        "account_created" => Some(Notice::AccountCreated),
        _ => None,
    }
}

/// The form on its way to an application, or on its own.
struct Place<'a> {
    flow: Option<(&'a str, Flow)>,
}

impl<'a> Place<'a> {
    fn open(app: &App, visit: &Visit, sealed: Option<&'a str>) -> Result<Self, PageError> {
        let flow = sealed.map(|sealed| flow::open(app, visit, Some(sealed)).map(|flow| (sealed, flow))).transpose()?;
        Ok(Self { flow })
    }

    fn flow(&self) -> Option<&Flow> {
        self.flow.as_ref().map(|(_, flow)| flow)
    }

    fn path_after(&self) -> String {
        self.flow.as_ref().map_or_else(|| MY_ACCOUNT.to_owned(), |(sealed, _)| flow::resume_path(sealed))
    }

    fn login_hint(&self) -> Option<&str> {
        self.flow()?.login_hint.as_deref()
    }

    /// The same question as the step function's, from what it sealed: so the two never send the browser back and forth.
    fn has_nothing_to_ask(&self, current: &Current) -> bool {
        self.flow().is_none_or(|flow| flow.wanted.is_met_by(facts(current)))
    }

    /// Whether the person signed in is simply to give the password again: nobody asked for somebody else.
    fn asks_again(&self, current: &Current) -> bool {
        self.flow().is_some_and(|flow| {
            flow.wanted.turned_down.is_none()
                && flow.wanted.user.is_none_or(|user| user == current.user.id)
                && flow.login_hint.as_ref().is_none_or(|hint| hint.eq_ignore_ascii_case(&current.user.email))
        })
    }
}

async fn show(app: &App, visit: &Visit, place: &Place<'_>, current: Option<&Current>, form: Form) -> Result<Response, PageError> {
    let again = current.filter(|current| place.asks_again(current));
    let another_account = again.zip(place.flow()).map(|(current, flow)| {
        let flow = flow.with_another_account(Some(facts(current).sign_in()), None);
        flow::page_path("/login", &flow::seal(app, visit, &flow).value)
    });
    let client = match place.flow() {
        Some(flow) => flow.client_view(app).await?,
        None => None,
    };
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = LoginPage {
        flow: place.flow.as_ref().map(|(sealed, _)| (*sealed).to_owned()),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: again.map_or(form.email, |current| current.user.email.clone()),
        again: again.is_some(),
        another_account,
        client,
        error: form.error,
        notice: form.notice,
        return_origin: place.flow().and_then(Flow::return_origin),
    };
    let locale = visit.locale_for(place.flow().and_then(|flow| flow.ui_locales.as_deref()));
    Ok(with_cookie(app.pages.render(visit, locale, &page), set_cookie))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_ours_become_notices() {
        assert_eq!(notice("i=x&notice=logged_out"), Some(Notice::LoggedOut));
        assert_eq!(notice("notice=setup_done"), Some(Notice::SetupDone));
        assert_eq!(notice("notice=Call+this+number"), None);
        assert_eq!(notice(""), None);
    }
}
