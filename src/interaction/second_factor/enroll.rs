//! `/login/enroll`: a second factor is asked of somebody who has none. It is set up on the way, and no page leads around it.

use axum::extract::State;
use axum::response::Response;

use super::{Arrival, ENROLL, Guest, arrive, client, finish, prove_again, refused, render, return_origin, scene, unreadable};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::place::Place;
use crate::mfa::SixDigits;
use crate::mfa::enrolment::{self, Enrolment, Verified};
use crate::session::browser::{self, Trust};
use crate::web::pages::views::Notice;
use crate::web::pages::views::second_factor::{CodeError, EnrollPage, TotpPicture};
use crate::web::{ErrorKind, PageError, StrictForm, Visit, csrf};

/// The secret and the form. Reloading it shows the same secret.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let place = Place::open(&app, &visit, sealed.as_deref())?;
    let guest = match arrive(&app, &visit, &place).await? {
        Arrival::Guest(guest) => guest,
        Arrival::Elsewhere(response) => return Ok(response),
    };
    if guest.page() != ENROLL {
        return Ok(see_other(&place.page(guest.page())));
    }
    if !guest.is_fresh(&app) {
        return Ok(prove_again(&app, &visit, &place));
    }
    let policy = &guest.factors.policy;
    if policy.passkeys && !policy.totp {
        return Ok(see_other(&place.page("/login/enroll/passkey")));
    }
    let enrolment = enrolment::begin(&app, &guest.user, guest.bound(), false).await?;
    show((&app, &visit, &place), &guest, &enrolment, (None, None)).await
}

/// Puts the app to use, starts the session, and shows the recovery codes.
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
    if guest.page() != ENROLL {
        return Ok(see_other(&place.page(guest.page())));
    }
    if !guest.is_fresh(&app) {
        return Ok(prove_again(&app, &visit, &place));
    }
    let here = (&app, &visit, &place);
    let enrolment = enrolment::begin(&app, &guest.user, guest.bound(), false).await?;
    if trust == Trust::Stale {
        return show(here, &guest, &enrolment, (None, Some(Notice::FormRefreshed))).await;
    }
    let code = match SixDigits::parse(posted.get("code").unwrap_or_default()) {
        Ok(code) => code,
        Err(why) => return show(here, &guest, &enrolment, (Some(unreadable(why)), None)).await,
    };
    let scene = scene(&app, &visit, &place, &guest.user).await?;
    match enrolment::verify(&scene, guest.bound(), &enrolment, &code).await? {
        Verified::Enabled { epoch, proof } => {
            let guest = guest.in_epoch(epoch);
            finish(here, &guest, proof, (place.page("/login/recovery-codes"), None)).await
        }
        Verified::Refused(why) => show(here, &guest, &enrolment, (Some(refused(why)), None)).await,
        Verified::Frozen => show(here, &guest, &enrolment, (Some(CodeError::Frozen), None)).await,
        Verified::NotAllowed => show(here, &guest, &enrolment, (Some(CodeError::NotAllowed), None)).await,
        Verified::Gone => Ok(see_other(&place.page(ENROLL))),
    }
}

async fn show(
    here: (&App, &Visit, &Place<'_>),
    guest: &Guest,
    enrolment: &Enrolment,
    (error, notice): (Option<CodeError>, Option<Notice>),
) -> Result<Response, PageError> {
    let (app, visit, place) = here;
    let (browser, set_cookie) = browser::binding(app, visit);
    let picture = enrolment.picture(&app.config.brand.name, &guest.user.email);
    let picture = picture.map_err(|cause| PageError::because(ErrorKind::Internal, cause))?;
    let page = EnrollPage {
        flow: place.sealed().map(str::to_owned),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: guest.user.email.clone(),
        required: guest.factors.policy.second_factor_required,
        passkey: guest.factors.policy.passkeys,
        picture: TotpPicture { size: picture.qr.size, path: picture.qr.path, uri: picture.uri, groups: picture.groups },
        client: client(app, place).await?,
        error,
        notice,
        return_origin: return_origin(place),
    };
    Ok(render(here, &page, (page.error.as_ref(), None), set_cookie))
}
