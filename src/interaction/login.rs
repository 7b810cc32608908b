//! `/login`: e-mail and password, or a passkey.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use super::flow::{self, Flow, FlowQuery};
use super::form::{self, facts, see_other};
use super::known_accounts;
use super::passkey_first;
use super::place::Place;
use super::second_factor;
use crate::account::confirm::Then;
use crate::account::guesses::{Limit, Limited};
use crate::account::known_device;
use crate::account::sign_in::{self, Attempt};
use crate::app::App;
use crate::mfa::passkey::Answer;
use crate::mfa::trusted_device;
use crate::secret::Secret;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current, Proofs, Start};
use crate::store::users::User;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::{LoginError, LoginPage, Notice};
use crate::web::{ErrorKind, Locale, PageError, Params, StrictForm, Visit, Wait, csrf};

/// The page of My Account at which a sign-in ends that no application asked for, by name.
const THEN: &str = "then";

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
    let place = Place::open(&app, &visit, sealed.as_deref())?.leading_to(then(query.as_deref().unwrap_or_default()));
    let current = session::current(&app, &visit).await?;
    if current.as_ref().is_some_and(|current| place.has_nothing_to_ask(current)) {
        return Ok(see_other(&place.path_after()));
    }
    let email = place.login_hint().unwrap_or_default().to_owned();
    let form = Form { email, error: None, wait: None, notice: notice(query.as_deref().unwrap_or_default()) };
    show(&app, &visit, &place, current.as_ref(), form).await
}

/// Verifies, starts the session, goes on. A form that fails comes back with status 422: sending it again does no harm.
///
/// # Errors
/// A page: posted by another site, the flow is over, too many sign-ins at once, the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let then = posted.get(THEN).and_then(Then::named).unwrap_or(Then::Overview);
    let place = Place::open(&app, &visit, posted.get(flow::PARAM))?.leading_to(then);
    match attempt(&app, &visit, (trust, place.locale(&visit)), &posted).await? {
        Outcome::SignedIn { cookies } => {
            Ok(cookies.into_iter().fold(see_other(&place.path_after()), |response, cookie| with_cookie(response, Some(cookie))))
        }
        Outcome::SecondFactorMissing { user, proofs } => second_factor::begin(&app, &visit, &place, &user, &proofs).await,
        Outcome::Again(form) => {
            let current = session::current(&app, &visit).await?;
            let mut response = show(&app, &visit, &place, current.as_ref(), form).await?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Outcome::Limited(form, limited) => {
            let current = session::current(&app, &visit).await?;
            let ceiling = limited.limit == Limit::Ceiling;
            let error = if ceiling { LoginError::Ceiling } else { LoginError::Limited };
            let wait = (!ceiling).then(|| Wait::of(limited.seconds()));
            let mut response = show(&app, &visit, &place, current.as_ref(), Form { error: Some(error), wait, ..form }).await?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            // At the ceiling no time helps: then none is promised.
            if !ceiling {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(limited.seconds()));
            }
            Ok(response)
        }
    }
}

/// What became of a posted form.
enum Outcome {
    /// With the cookies to set.
    SignedIn {
        cookies: Vec<HeaderValue>,
    },
    /// The password was right, and is not enough.
    SecondFactorMissing {
        user: Box<User>,
        proofs: Proofs,
    },
    Again(Form),
    /// Too many were wrong: nothing was checked.
    Limited(Form, Limited),
}

/// The form's content and its word to the person.
struct Form {
    email: String,
    error: Option<LoginError>,
    /// Until another try, when there were too many.
    wait: Option<Wait>,
    notice: Option<Notice>,
}

/// Nothing of the form is looked at beyond the address before its token is known to fit.
async fn attempt(app: &App, visit: &Visit, (trust, locale): (Trust, Locale), posted: &Params) -> Result<Outcome, PageError> {
    let email = posted.get("email").unwrap_or_default().trim();
    let again = |error, notice| Ok(Outcome::Again(Form { email: email.to_owned(), error, wait: None, notice }));
    if trust == Trust::Stale {
        return again(None, Some(Notice::FormRefreshed));
    }
    if let Some(answer) = Answer::of(posted) {
        return Ok(match passkey_first::attempt(app, visit, locale, answer).await? {
            Ok(cookies) => Outcome::SignedIn { cookies },
            Err(error) => Outcome::Again(Form { email: String::new(), error: Some(error), wait: None, notice: None }),
        });
    }
    if email.is_empty() {
        return again(Some(LoginError::MissingEmail), None);
    }
    let Some(password) = posted.get("password") else {
        return again(Some(LoginError::MissingPassword), None);
    };
    let origin = session::origin(visit);
    match sign_in::verify(app, visit, email, Secret::new(password.to_owned())).await? {
        Attempt::Refused => again(Some(LoginError::Refused), None),
        Attempt::Limited(limited) => Ok(Outcome::Limited(Form { email: email.to_owned(), error: None, wait: None, notice: None }, limited)),
        Attempt::Busy => Err(PageError::new(ErrorKind::Busy { retry_after: 2 })),
        Attempt::Proven { user, proof } => {
            let proofs = Proofs::password(proof, trusted_device::witness(app, visit, &user).await?);
            match session::start(app, visit, &user, proofs, &origin).await? {
                Start::Begun(started) => {
                    let device = known_device::greet(app, visit, &user, &started.session).await;
                    let accounts = known_accounts::remember(app, visit, user.id);
                    Ok(Outcome::SignedIn { cookies: vec![started.set_cookie, accounts, device] })
                }
                Start::SecondFactorMissing(proofs) => Ok(Outcome::SecondFactorMissing { user, proofs }),
                Start::Gone => again(None, Some(Notice::FormRefreshed)),
            }
        }
    }
}

/// The page of My Account that sent the person here.
fn then(query: &str) -> Then {
    let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == THEN);
    named.and_then(|(_, name)| Then::named(&name)).unwrap_or(Then::Overview)
}

/// The word another page of ours sends along: one of ours, never a text.
fn notice(query: &str) -> Option<Notice> {
    let (_, word) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "notice")?;
    match &*word {
        "logged_out" => Some(Notice::LoggedOut),
        "setup_done" => Some(Notice::SetupDone),
        "code_failed" => Some(Notice::CodeFailed),
        "code_expired" => Some(Notice::CodeExpired),
        "password_reset" => Some(Notice::PasswordReset),
        "account_created" => Some(Notice::AccountCreated),
        "unlocked" => Some(Notice::Unlocked),
        _ => None,
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
        flow: place.sealed().map(str::to_owned),
        then: place.then(),
        csrf_token: csrf::token(&app.sealer, &browser),
        passkey: passkey_first::offer(app, &browser),
        email: again.map_or(form.email, |current| current.user.email.clone()),
        again: again.is_some(),
        another_account,
        client,
        error: form.error,
        wait: form.wait,
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
