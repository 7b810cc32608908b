//! `/account/authentication/code`: the second factor again, before a change to it, when it was not given a short while ago.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderValue, StatusCode};

use super::scene;
use crate::account::confirm::{self, Detour, Then, passkey, signed_in};
use crate::account::console::locale;
use crate::app::App;
use crate::mfa::passkey::Answer;
use crate::mfa::verify::{self, Refusal, Verdict};
use crate::mfa::{SixDigits, Unreadable};
use crate::session::browser::{self, Trust};
use crate::session::{self, Current, Proofs, SecondFactorProof, Start};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::authentication::ConfirmCodePage;
use crate::web::pages::views::passkeys::PasskeyError;
use crate::web::pages::views::second_factor::CodeError;
use crate::web::{ErrorKind, PageError, Params, StrictForm, StrictQuery, Visit, Wait, csrf};

/// The form.
///
/// # Errors
/// A detour: not signed in, or not recently; the store's.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, Detour> {
    let then = then(&query.unwrap_or_default());
    let current = open(&app, &visit, then).await?;
    page(&app, &visit, &current, then, (StatusCode::OK, None)).await
}

/// Somebody of whom nothing but the code is missing.
async fn open(app: &App, visit: &Visit, then: Then) -> Result<Current, Detour> {
    let current = signed_in(app, visit, then).await?;
    if confirm::is_young(app, current.session.auth_time) { Ok(current) } else { Err(Detour::To(then.confirm_path())) }
}

/// Takes a code of the app, a recovery code or a passkey, renews the session, goes on.
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let then = then(&form);
    let current = open(&app, &visit, then).await?;
    if trust == Trust::Stale {
        return page(&app, &visit, &current, then, (StatusCode::UNPROCESSABLE_ENTITY, None)).await;
    }
    let tried = if let Some(answer) = Answer::of(&form) {
        passkey::verify(&app, &visit, &current, answer).await?.map_err(|error| (Wrong::Passkey(error), None))
    } else {
        let typed = attempt(&app, &visit, &current, form.get("code").unwrap_or_default()).await?;
        typed.map_err(|(error, wait)| (Wrong::Code(error), wait))
    };
    match tried {
        Ok(proof) => {
            let proofs = Proofs::session(&current.session, proof);
            match session::start(&app, &visit, &current.user, proofs, &session::origin(&visit)).await? {
                Start::Begun(started) => Ok(with_cookie(Redirect::to(then.path()).into_response(), Some(started.set_cookie))),
                Start::Gone | Start::SecondFactorMissing(_) => Err(Detour::To(then.login_path())),
            }
        }
        Err((error, wait)) => {
            let status = if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNPROCESSABLE_ENTITY };
            let mut response = page(&app, &visit, &current, then, (status, Some(error))).await?;
            if let Some(seconds) = wait {
                response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
    }
}

/// What was proved, or what is wrong and for how many seconds to wait.
async fn attempt(
    app: &App,
    visit: &Visit,
    current: &Current,
    typed: &str,
) -> Result<Result<SecondFactorProof, (CodeError, Option<u64>)>, Detour> {
    let scene = scene(app, visit, current);
    let verdict = match SixDigits::parse(typed) {
        Ok(code) => Some(verify::totp(&scene, None, code).await?),
        Err(Unreadable::Missing) => return Ok(Err((CodeError::Missing, None))),
        Err(Unreadable::Format) => verify::recovery_code(&scene, None, typed).await?,
    };
    Ok(match verdict {
        Some(Verdict::Proven(proof)) => Ok(proof),
        None => Err((CodeError::Format, None)),
        Some(Verdict::Refused { why: Refusal::Wrong, .. }) => Err((CodeError::Wrong, None)),
        Some(Verdict::Refused { why: Refusal::Used { seconds }, .. }) => Err((CodeError::Used { seconds }, None)),
        Some(Verdict::Refused { why: Refusal::Drifting, .. }) => Err((CodeError::Drifting, None)),
        Some(Verdict::Blocked(blocked)) => {
            let seconds = blocked.wait.as_secs().saturating_add(1);
            let error = if blocked.at_ceiling { CodeError::Ceiling } else { CodeError::Blocked { wait: Wait::of(seconds) } };
            Err((error, Some(seconds)))
        }
    })
}

fn then(params: &Params) -> Then {
    params.get("then").and_then(Then::named).unwrap_or(Then::Authentication)
}

/// What is wrong, and with which of the two.
enum Wrong {
    Code(CodeError),
    Passkey(PasskeyError),
}

async fn page(
    app: &App,
    visit: &Visit,
    current: &Current,
    then: Then,
    (status, wrong): (StatusCode, Option<Wrong>),
) -> Result<Response, Detour> {
    let (error, passkey_error) = match wrong {
        Some(Wrong::Code(error)) => (Some(error), None),
        Some(Wrong::Passkey(error)) => (None, Some(error)),
        None => (None, None),
    };
    let factors = session::factors(&app.store.read(), &app.config, current.user.id).await?;
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = ConfirmCodePage {
        csrf_token: csrf::token(&app.sealer, &browser),
        then: then.name().to_owned(),
        email: current.user.email.clone(),
        app: factors.totp,
        passkey: passkey::offer(app, &browser, current).await?,
        passkey_error,
        error,
    };
    Ok(with_cookie(app.pages.render_with_status(status, visit, locale(visit, current), &page), set_cookie))
}
