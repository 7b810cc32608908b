//! `/login/email-code`: a one-time code by e-mail. Only a form sends one: a reload never does.

use axum::extract::State;
use axum::response::Response;

use super::{Arrival, EMAIL, Guest, arrive, blocked, client, finish, over, refused, render, return_origin, scene, unreadable};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::place::Place;
use crate::mfa::SixDigits;
use crate::mfa::email_code::{self, LIFETIME, Sending};
use crate::mfa::verify::{self, Verdict};
use crate::session::browser::{self, Trust};
use crate::session::pending::Pending;
use crate::web::pages::views::Notice;
use crate::web::pages::views::second_factor::{CodeError, EmailCodePage};
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
    match guest.pending() {
        Some(pending) if guest.may_use_email() => show((&app, &visit, &place), &guest, pending, (None, None, None)).await,
        _ => Ok(see_other(&place.page(guest.page()))),
    }
}

/// Sends a code, or takes the one that was sent.
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
    let Some(pending) = guest.pending().filter(|_| guest.may_use_email()) else {
        return Ok(see_other(&place.page(guest.page())));
    };
    let here = (&app, &visit, &place);
    if trust == Trust::Stale {
        return show(here, &guest, pending, (None, None, Some(Notice::FormRefreshed))).await;
    }
    let scene = scene(&app, &visit, &place, &guest.user).await?;
    if posted.get("send").is_some() {
        return match email_code::send(&scene, pending.row()).await? {
            Sending::Sent | Sending::TooSoon => Ok(see_other(&place.page(EMAIL))),
            Sending::TooMany(wait) => {
                let seconds = wait.as_secs().saturating_add(1);
                show(here, &guest, pending, (Some(CodeError::TooManyMails), Some(seconds), None)).await
            }
        };
    }
    let code = match SixDigits::parse(posted.get("code").unwrap_or_default()) {
        Ok(code) => code,
        Err(why) => return show(here, &guest, pending, (Some(unreadable(why)), None, None)).await,
    };
    match verify::email(&scene, pending.row(), &code).await? {
        Verdict::Proven(proof) => finish(here, &guest, proof, (guest.path_after(&place), None)).await,
        Verdict::Refused { over: true, .. } => Ok(over(&app, &place)),
        Verdict::Refused { why, over: false } => {
            let error = if refused(why) == CodeError::Wrong { CodeError::WrongEmail } else { refused(why) };
            show(here, &guest, pending, (Some(error), None, None)).await
        }
        Verdict::Blocked(waiting) => {
            let (seconds, error) = blocked(waiting);
            show(here, &guest, pending, (Some(error), Some(seconds), None)).await
        }
    }
}

async fn show(
    here: (&App, &Visit, &Place<'_>),
    guest: &Guest,
    pending: &Pending,
    (error, wait, notice): (Option<CodeError>, Option<u64>, Option<Notice>),
) -> Result<Response, PageError> {
    let (app, visit, place) = here;
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = EmailCodePage {
        flow: place.sealed().map(str::to_owned),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: guest.user.email.clone(),
        sent_to: pending.row().code_sent_at.map(|_| email_code::masked(&guest.user.email)),
        minutes: LIFETIME.as_secs() / 60,
        again_in: email_code::pause_left(pending.row(), app.now()),
        app: guest.factors.totp,
        client: client(app, place).await?,
        error,
        notice,
        return_origin: return_origin(place),
    };
    Ok(render(here, &page, (page.error.as_ref(), wait), set_cookie))
}
