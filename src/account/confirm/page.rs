//! `/account/confirm`: "Confirm your password", or a passkey.
//!
//! Routes: `GET /account/confirm` [`get`], `POST /account/confirm` [`post`].

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use super::second_factor::{self, CodeVerdict};
use super::{Detour, Missing, Then, is_young, missing, passkey, signed_in};
use crate::account::console;
use crate::account::guesses::Limit;
use crate::account::sign_in::{self, Attempt};
use crate::app::App;
use crate::mfa::passkey::Answer;
use crate::mfa::{self, Scene, email_code, trusted_device};
use crate::secret::Secret;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current, Factors, PasswordProof, Proofs, Start, pending};
use crate::store;
use crate::store::users::User;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::account::{ConfirmError, ConfirmPage};
use crate::web::{ErrorKind, PageError, Params, StrictForm, StrictQuery, Visit, Wait, csrf};

/// The field and query parameter that says where to go on.
const THEN: &str = "then";

/// The form; or straight on, when the last proof is fresh: after a confirmation in another tab, or on the way back.
///
/// # Errors
/// A detour: not signed in; the store's.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, Detour> {
    let then = then(&query.unwrap_or_default());
    let current = signed_in(&app, &visit, then).await?;
    let factors = session::factors(&app.store.read(), &app.config, current.user.id).await?;
    if missing(&app, &current, &factors) != Some(Missing::Password) {
        return Ok(Redirect::to(then.path()).into_response());
    }
    show(&app, &visit, &current, then, None).await
}

/// Verifies, renews the session, goes on.
///
/// # Errors
/// A detour: not signed in; a form from another site; no hash thread; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let then = then(&form);
    let current = signed_in(&app, &visit, then).await?;
    if trust == Trust::Stale {
        return show(&app, &visit, &current, then, None).await;
    }
    if let Some(answer) = Answer::of(&form) {
        return match passkey::confirm(&app, &visit, &current, answer).await? {
            Ok(Some(cookie)) => Ok(with_cookie(Redirect::to(then.path()).into_response(), Some(cookie))),
            Ok(None) => Err(Detour::To(then.login_path())),
            Err(_) => show(&app, &visit, &current, then, Some(ConfirmError::Passkey)).await,
        };
    }
    match attempt(&app, &visit, &current, &form).await? {
        Ok((to, cookie)) => Ok(with_cookie(Redirect::to(&to).into_response(), Some(cookie))),
        Err(error) => show(&app, &visit, &current, then, Some(error)).await,
    }
}

fn then(params: &Params) -> Then {
    params.get(THEN).and_then(Then::named).unwrap_or(Then::Overview)
}

/// Where it goes on, and the cookie of the renewed session, or of a pending sign-in.
type Way = (String, HeaderValue);

async fn attempt(app: &App, visit: &Visit, current: &Current, form: &Params) -> Result<Result<Way, ConfirmError>, Detour> {
    let Some(password) = form.get("password") else { return Ok(Err(ConfirmError::MissingPassword)) };
    let code = form.get("code").unwrap_or_default();
    let factors = session::factors(&app.store.read(), &app.config, current.user.id).await?;
    let (wanted, then) = (asks_code(app, current, &factors).await?, then(form));
    if wanted && code.is_empty() {
        return Ok(Err(ConfirmError::MissingCode));
    }
    let origin = session::origin(visit);
    let (user, password) = match sign_in::verify(app, visit, &current.user.email, Secret::new(password.to_owned())).await? {
        Attempt::Proven { user, proof } => (user, proof),
        Attempt::Refused => return Ok(Err(ConfirmError::WrongPassword)),
        Attempt::Limited(limited) => {
            // At the ceiling the way is by mail, from the login page: no time helps, and none is promised.
            let ceiling = limited.limit == Limit::Ceiling;
            return Ok(Err(if ceiling {
                ConfirmError::Ceiling
            } else {
                ConfirmError::Limited { wait: Wait::of(limited.seconds()), seconds: limited.seconds() }
            }));
        }
        Attempt::Busy => return Err(PageError::new(ErrorKind::Busy { retry_after: 2 }).into()),
    };
    if mails_code(app, current, &factors) {
        return Ok(Ok(mail_code(app, visit, (current, &user), (password, then)).await?));
    }
    // A passkey that follows is asked for on the page it leads to.
    if !wanted && (current.session.second_factor_at.is_some() || factors.has_codes()) {
        return Ok(Ok((then.path().to_owned(), session::confirm(app, &current.session, &password, &origin).await?)));
    }
    let second = if wanted {
        let scene = Scene::of(app, visit, &user, console::locale(visit, current), None);
        match second_factor::verify(&scene, code).await? {
            CodeVerdict::Proven(proof) => Some(proof),
            CodeVerdict::Wrong => return Ok(Err(ConfirmError::WrongCode)),
            CodeVerdict::Blocked => return Ok(Err(ConfirmError::TooManyCodes)),
        }
    } else {
        trusted_device::witness(app, visit, &user).await?
    };
    match session::start(app, visit, &user, Proofs::password(password, second), &origin).await? {
        Start::Begun(started) => Ok(Ok((then.path().to_owned(), started.set_cookie))),
        Start::Gone => Err(Detour::To(then.login_path())),
        // Required since the person signed in: at the next sign-in it is asked for, or set up.
        Start::SecondFactorMissing(_) => {
            session::end(app, &current.session, &origin).await?;
            Err(Detour::To(then.login_path()))
        }
    }
}

/// Whether a code is typed beside the password. Not by those who have passkeys alone that do not stand in place of it: theirs comes next.
async fn asks_code(app: &App, current: &Current, factors: &Factors) -> store::Result<bool> {
    Ok(factors.totp || (factors.passkeys && !mfa::passkey::list_alone(app, &current.user).await?.is_empty()))
}

/// Whether their second factor is a code by mail, and the last one was too long ago.
fn mails_code(app: &App, current: &Current, factors: &Factors) -> bool {
    factors.email_alone() && !current.session.second_factor_at.is_some_and(|at| is_young(app, at))
}

/// The same as at a sign-in: the password is proved, the code follows by mail, and the session goes on when it was given.
async fn mail_code(
    app: &App,
    visit: &Visit,
    (current, user): (&Current, &User),
    (password, then): (PasswordProof, Then),
) -> store::Result<Way> {
    let (pending, cookie) = pending::begin(app, user, &Proofs::from(password), Some(then.name().to_owned())).await?;
    let scene = Scene::of(app, visit, user, console::locale(visit, current), None);
    email_code::send(&scene, pending.row()).await?;
    Ok(("/login/email-code".to_owned(), cookie))
}

async fn show(app: &App, visit: &Visit, current: &Current, then: Then, error: Option<ConfirmError>) -> Result<Response, Detour> {
    let factors = session::factors(&app.store.read(), &app.config, current.user.id).await?;
    let status = match error {
        None => StatusCode::OK,
        Some(ConfirmError::Limited { .. } | ConfirmError::Ceiling) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = ConfirmPage {
        csrf_token: csrf::token(&app.sealer, &browser),
        passkey: passkey::offer_alone(app, &browser, current).await?,
        then: then.name().to_owned(),
        email: current.user.email.clone(),
        asks_code: asks_code(app, current, &factors).await?,
        mails_code: mails_code(app, current, &factors),
        error,
    };
    let mut response = with_cookie(app.pages.render_with_status(status, visit, console::locale(visit, current), &page), set_cookie);
    if let Some(ConfirmError::Limited { seconds, .. }) = error {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
