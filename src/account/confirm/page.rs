//! `/account/confirm`: "Confirm your password", or a passkey.
//!
//! Routes: `GET /account/confirm` [`get`], `POST /account/confirm` [`post`].

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::second_factor::{self, CodeVerdict};
use super::{Detour, Then, fresh, passkey, signed_in};
use crate::account::console;
use crate::account::sign_in::{self, Attempt};
use crate::app::App;
use crate::mfa::passkey::Answer;
use crate::mfa::{Scene, trusted_device};
use crate::secret::Secret;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current, Proofs, Start};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::account::{ConfirmError, ConfirmPage};
use crate::web::{ErrorKind, PageError, Params, StrictForm, StrictQuery, Visit, csrf};

/// The field and query parameter that says where to go on.
const THEN: &str = "then";

/// The form; or straight on, when the last proof is fresh: after a confirmation in another tab, or on the way back.
///
/// # Errors
/// A detour: not signed in; the store's.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, Detour> {
    let then = then(&query.unwrap_or_default());
    let current = signed_in(&app, &visit, then).await?;
    if fresh(&app, &current) {
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
        Ok(cookie) => Ok(with_cookie(Redirect::to(then.path()).into_response(), Some(cookie))),
        Err(error) => show(&app, &visit, &current, then, Some(error)).await,
    }
}

fn then(params: &Params) -> Then {
    params.get(THEN).and_then(Then::named).unwrap_or(Then::Overview)
}

/// The cookie of the renewed session.
async fn attempt(app: &App, visit: &Visit, current: &Current, form: &Params) -> Result<Result<http::HeaderValue, ConfirmError>, Detour> {
    let Some(password) = form.get("password") else { return Ok(Err(ConfirmError::MissingPassword)) };
    let code = form.get("code").unwrap_or_default();
    let wanted = second_factor::is_wanted(app, current.user.id).await?;
    if wanted && code.is_empty() {
        return Ok(Err(ConfirmError::MissingCode));
    }
    let origin = session::origin(visit);
    let (user, password) = match sign_in::verify(app, &current.user.email, Secret::new(password.to_owned()), &origin).await? {
        Attempt::Proven { user, proof } => (user, proof),
        Attempt::Refused => return Ok(Err(ConfirmError::WrongPassword)),
        Attempt::Busy => return Err(PageError::new(ErrorKind::Busy { retry_after: 2 }).into()),
    };
    if !wanted && current.session.second_factor_at.is_some() {
        return Ok(Ok(session::confirm(app, &current.session, &password, &origin).await?));
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
        Start::Begun(started) => Ok(Ok(started.set_cookie)),
        Start::Gone => Err(Detour::To(then(form).login_path())),
        // Required since the person signed in: at the next sign-in it is asked for, or set up.
        Start::SecondFactorMissing(_) => {
            session::end(app, &current.session, &origin).await?;
            Err(Detour::To(then(form).login_path()))
        }
    }
}

async fn show(app: &App, visit: &Visit, current: &Current, then: Then, error: Option<ConfirmError>) -> Result<Response, Detour> {
    let asks_code = second_factor::is_wanted(app, current.user.id).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = ConfirmPage {
        csrf_token: csrf::token(&app.sealer, &browser),
        passkey: passkey::offer(app, &browser, current).await?,
        then: then.name().to_owned(),
        email: current.user.email.clone(),
        asks_code,
        error,
    };
    Ok(with_cookie(app.pages.render_with_status(status, visit, console::locale(visit, current), &page), set_cookie))
}
