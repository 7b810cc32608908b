//! `/login/enroll/passkey`: a passkey for somebody of whom a second factor is asked, and who has none.

use axum::extract::State;
use axum::response::Response;

use super::passkey::{respond, view};
use super::{Arrival, ENROLL, Guest, arrive, client, finish, prove_again, return_origin, scene};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::place::Place;
use crate::mfa::passkey::{self, Answer, Registered};
use crate::session::browser::{self, Trust};
use crate::web::pages::views::Notice;
use crate::web::pages::views::passkeys::{EnrollPasskeyPage, PasskeyError};
use crate::web::{ErrorKind, PageError, StrictForm, Visit, csrf};

/// The question.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let place = Place::open(&app, &visit, sealed.as_deref())?;
    match enrolling(&app, &visit, &place).await? {
        Arrival::Guest(guest) => show((&app, &visit, &place), &guest, (None, None)).await,
        Arrival::Elsewhere(response) => Ok(response),
    }
}

/// Adds the passkey, starts the session, and shows the recovery codes.
///
/// # Errors
/// A page: posted by another site, the flow is over, the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let place = Place::open(&app, &visit, posted.get(flow::PARAM))?;
    let guest = match enrolling(&app, &visit, &place).await? {
        Arrival::Guest(guest) => guest,
        Arrival::Elsewhere(response) => return Ok(response),
    };
    let here = (&app, &visit, &place);
    if trust == Trust::Stale {
        return show(here, &guest, (None, Some(Notice::FormRefreshed))).await;
    }
    let Some(answer) = Answer::of(&posted) else { return show(here, &guest, (Some(PasskeyError::Missing), None)).await };
    let name = posted.get("name").and_then(passkey::name).unwrap_or_else(|| default_name(&visit));
    let scene = scene(&app, &visit, &place, &guest.user).await?;
    let error = match passkey::register(&scene, (guest.bound(), browser::cookie(&app, &visit)), answer, name).await? {
        Registered::Added { epoch, proof, .. } => {
            let guest = guest.in_epoch(epoch);
            return finish(here, &guest, proof, (place.page("/login/recovery-codes"), None)).await;
        }
        Registered::Gone => return Ok(see_other(&place.page(ENROLL))),
        Registered::Refused => PasskeyError::Refused,
        Registered::Stale => PasskeyError::Stale,
        Registered::Known => PasskeyError::Known,
        Registered::TooMany => PasskeyError::TooMany,
        Registered::NotAllowed => PasskeyError::NotAllowed,
        Registered::Frozen => PasskeyError::Frozen,
    };
    show(here, &guest, (Some(error), None)).await
}

/// A guest who may set one up here.
async fn enrolling(app: &App, visit: &Visit, place: &Place<'_>) -> Result<Arrival, PageError> {
    let guest = match arrive(app, visit, place).await? {
        Arrival::Guest(guest) => guest,
        elsewhere @ Arrival::Elsewhere(_) => return Ok(elsewhere),
    };
    if guest.page() != ENROLL || !guest.factors.policy.passkeys {
        return Ok(Arrival::Elsewhere(see_other(&place.page(guest.page()))));
    }
    if !guest.is_fresh(app) {
        return Ok(Arrival::Elsewhere(prove_again(app, visit, place)));
    }
    Ok(Arrival::Guest(guest))
}

fn default_name(visit: &Visit) -> String {
    visit.device().unwrap_or_else(|| "Passkey".to_owned())
}

async fn show(
    here: (&App, &Visit, &Place<'_>),
    guest: &Guest,
    (error, notice): (Option<PasskeyError>, Option<Notice>),
) -> Result<Response, PageError> {
    let (app, visit, place) = here;
    let (browser, set_cookie) = browser::binding(app, visit);
    let ceremony = passkey::ask_to_register(app, &browser, guest.bound(), &guest.user).await?;
    let page = EnrollPasskeyPage {
        flow: place.sealed().map(str::to_owned),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: guest.user.email.clone(),
        required: guest.factors.policy.second_factor_required,
        app: guest.factors.policy.totp,
        name: default_name(visit),
        ceremony: ceremony.map(view).ok_or_else(|| PageError::because(ErrorKind::Internal, "there can be no passkeys"))?,
        client: client(app, place).await?,
        error,
        notice,
        return_origin: return_origin(place),
    };
    Ok(respond(here, &page, (error.is_some() || notice.is_some(), None), set_cookie))
}
