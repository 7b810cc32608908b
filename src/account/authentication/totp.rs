//! `/account/authentication/totp`: enabling two-factor authentication, and moving to a new app.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::scene;
use crate::account::confirm::{Detour, Then, proven};
use crate::account::console::show;
use crate::app::App;
use crate::mfa::enrolment::{self, Bound, Enrolment, Verified};
use crate::mfa::verify::Refusal;
use crate::mfa::{SixDigits, Unreadable};
use crate::session::browser::{self, Trust};
use crate::session::{self, Current, Factors, Proofs, SecondFactorProof, Start};
use crate::store::sessions::Session;
use crate::store::users::User;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::authentication::{Said, TotpPage};
use crate::web::pages::views::second_factor::{CodeError, TotpPicture};
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// The QR code, the secret and the form: the same ones after a reload, a wrong code, the back button and in a second tab.
///
/// # Errors
/// A detour: not signed in, or not recently; the store's.
pub async fn get(State(app): State<App>, visit: Visit) -> Result<Response, Detour> {
    let (current, factors) = proven(&app, &visit, Then::Totp).await?;
    let enrolment = enrolment::begin(&app, &current.user, Bound::Session(current.session.id), false).await?;
    // Said before anybody scans anything.
    let refused = !factors.totp && !factors.policy.totp;
    page(&app, &visit, (&current, &factors), &enrolment, (StatusCode::OK, refused.then_some(CodeError::NotAllowed)))
}

/// "Request New QR code": another secret. The one in use goes on working until a code of the new one was given.
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post_new(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = proven(&app, &visit, Then::Totp).await?;
    if trust == Trust::Ours {
        enrolment::begin(&app, &current.user, Bound::Session(current.session.id), true).await?;
    }
    Ok(Redirect::to(Then::Totp.path()).into_response())
}

/// "Verify and enable".
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, factors) = proven(&app, &visit, Then::Totp).await?;
    let bound = Bound::Session(current.session.id);
    let enrolment = enrolment::begin(&app, &current.user, bound, false).await?;
    let again = |error| page(&app, &visit, (&current, &factors), &enrolment, (StatusCode::UNPROCESSABLE_ENTITY, error));
    if trust == Trust::Stale {
        return again(None);
    }
    let code = match SixDigits::parse(form.get("code").unwrap_or_default()) {
        Ok(code) => code,
        Err(Unreadable::Missing) => return again(Some(CodeError::Missing)),
        Err(Unreadable::Format) => return again(Some(CodeError::Format)),
    };
    match enrolment::verify(&scene(&app, &visit, &current), bound, &enrolment, &code).await? {
        Verified::Enabled { epoch, proof } => enabled(&app, &visit, &current, &factors, (epoch, proof)).await,
        Verified::Refused(Refusal::Drifting) => again(Some(CodeError::Drifting)),
        Verified::Refused(Refusal::Wrong | Refusal::Used { .. }) => again(Some(CodeError::Wrong)),
        Verified::Frozen => again(Some(CodeError::Frozen)),
        Verified::NotAllowed => again(Some(CodeError::NotAllowed)),
        Verified::Gone => Ok(Redirect::to(Then::Totp.path()).into_response()),
    }
}

/// This session goes on, now with a second factor and under a new cookie.
async fn enabled(
    app: &App,
    visit: &Visit,
    current: &Current,
    factors: &Factors,
    (epoch, proof): (i64, SecondFactorProof),
) -> Result<Response, Detour> {
    let user = User { auth_epoch: epoch, ..current.user.clone() };
    let session = Session { epoch, ..current.session.clone() };
    app.logout_waiting.notify_one();
    let to = if factors.totp { Said::AppReplaced.path() } else { Then::RecoveryCodes.path().to_owned() };
    match session::start(app, visit, &user, Proofs::session(&session, proof), &session::origin(visit)).await? {
        Start::Begun(started) => Ok(with_cookie(Redirect::to(&to).into_response(), Some(started.set_cookie))),
        Start::Gone | Start::SecondFactorMissing(_) => Err(Detour::To(Then::Authentication.login_path())),
    }
}

fn page(
    app: &App,
    visit: &Visit,
    (current, factors): (&Current, &Factors),
    enrolment: &Enrolment,
    (status, error): (StatusCode, Option<CodeError>),
) -> Result<Response, Detour> {
    let picture = enrolment.picture(&app.config.brand.name, &current.user.email);
    let picture = picture.map_err(|cause| PageError::because(ErrorKind::Internal, cause))?;
    Ok(show(app, visit, current, status, |csrf_token| TotpPage {
        csrf_token,
        email: current.user.email.clone(),
        replaces: factors.totp,
        picture: TotpPicture { size: picture.qr.size, path: picture.qr.path, uri: picture.uri, groups: picture.groups },
        error,
    }))
}
