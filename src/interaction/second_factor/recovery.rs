//! `/login/recovery-code`: when the authenticator app or the passkey is gone.

use axum::extract::State;
use axum::response::Response;

use super::{Arrival, Guest, arrive, blocked, client, finish, over, render, return_origin, scene};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::place::Place;
use crate::mfa::verify::{self, Verdict};
use crate::session::browser::{self, Trust};
use crate::session::pending::Pending;
use crate::web::pages::views::Notice;
use crate::web::pages::views::second_factor::{CodeError, RecoveryCodePage};
use crate::web::{PageError, StrictForm, Visit, csrf};

/// The form.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let place = Place::open(&app, &visit, sealed.as_deref())?;
    let guest = match arrive(&app, &visit, &place).await? {
        Arrival::Guest(guest) => guest,
        Arrival::Elsewhere(response) => return Ok(response),
    };
    if !guest.factors.has_codes() {
        return Ok(see_other(&place.page(guest.page())));
    }
    show((&app, &visit, &place), &guest, None, None, None).await
}

/// Spends the code, starts the session, goes on.
///
/// # Errors
/// A page: posted by another site, the flow is over, the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let place = Place::open(&app, &visit, posted.get(flow::PARAM))?;
    let guest = match arrive(&app, &visit, &place).await? {
        Arrival::Guest(guest) => guest,
        Arrival::Elsewhere(response) => return Ok(response),
    };
    if !guest.factors.has_codes() {
        return Ok(see_other(&place.page(guest.page())));
    }
    let here = (&app, &visit, &place);
    if trust == Trust::Stale {
        return show(here, &guest, None, None, Some(Notice::FormRefreshed)).await;
    }
    let Some(typed) = posted.get("code") else {
        return show(here, &guest, Some(CodeError::MissingRecovery), None, None).await;
    };
    let scene = scene(&app, &visit, &place, &guest.user).await?;
    match verify::recovery_code(&scene, guest.pending().map(Pending::row), typed).await? {
        None => show(here, &guest, Some(CodeError::FormatRecovery), None, None).await,
        Some(Verdict::Proven(proof)) => finish(here, &guest, proof, (guest.path_after(&place), None)).await,
        Some(Verdict::Refused { over: true, .. }) => Ok(over(&app, &place)),
        Some(Verdict::Refused { over: false, .. }) => show(here, &guest, Some(CodeError::WrongRecovery), None, None).await,
        Some(Verdict::Blocked(waiting)) => {
            let (seconds, error) = blocked(waiting);
            show(here, &guest, Some(error), Some(seconds), None).await
        }
    }
}

async fn show(
    here: (&App, &Visit, &Place<'_>),
    guest: &Guest,
    error: Option<CodeError>,
    wait: Option<u64>,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (app, visit, place) = here;
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = RecoveryCodePage {
        flow: place.sealed().map(str::to_owned),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: guest.user.email.clone(),
        app: guest.factors.totp,
        passkey: guest.factors.passkeys,
        client: client(app, place).await?,
        error,
        notice,
        return_origin: return_origin(place),
    };
    Ok(render(here, &page, (page.error.as_ref(), wait), set_cookie))
}
