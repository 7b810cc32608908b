//! `/login/code`: the code of the authenticator app.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;

use super::{
    Arrival, CODE, Guest, arrive, blocked, client, finish, may_be_lifted, over, refused, render, return_origin, scene, unreadable,
};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::place::Place;
use crate::mfa::attempts::Counter;
use crate::mfa::verify::{self, Verdict};
use crate::mfa::{SixDigits, trusted_device};
use crate::session::browser::{self, Trust};
use crate::session::pending::Pending;
use crate::web::pages::views::Notice;
use crate::web::pages::views::second_factor::{CodeError, CodePage};
use crate::web::{PageError, StrictForm, Visit, csrf};

/// The form; or the way to what this person has instead, or on.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let place = Place::open(&app, &visit, sealed.as_deref())?;
    let guest = match arrive(&app, &visit, &place).await? {
        Arrival::Guest(guest) => guest,
        Arrival::Elsewhere(response) => return Ok(response),
    };
    if guest.page() != CODE {
        return Ok(see_other(&place.page(guest.page())));
    }
    let waiting = Counter::here(&app, &visit, &guest.user).find_blocked(&app.store.read(), app.now()).await?;
    let unlock = waiting.is_some_and(may_be_lifted);
    show(&app, &visit, &place, &guest, Said { error: waiting.map(|waiting| blocked(waiting).1), unlock, ..Said::default() }).await
}

/// Verifies, starts the session, goes on. A form that fails comes back: sending it again does no harm.
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
    if guest.page() != CODE {
        return Ok(see_other(&place.page(guest.page())));
    }
    let remember = posted.get("trust").is_some();
    if trust == Trust::Stale {
        let said = Said { notice: Some(Notice::FormRefreshed), remember, answered: true, ..Said::default() };
        return show(&app, &visit, &place, &guest, said).await;
    }
    let again = |error, wait| Said { error: Some(error), wait, remember, answered: true, notice: None, unlock: false };
    let code = match SixDigits::parse(posted.get("code").unwrap_or_default()) {
        Ok(code) => code,
        Err(why) => return show(&app, &visit, &place, &guest, again(unreadable(why), None)).await,
    };
    let scene = scene(&app, &visit, &place, &guest.user).await?;
    let proof = match verify::totp(&scene, guest.pending().map(Pending::row), code).await? {
        Verdict::Proven(proof) => proof,
        Verdict::Refused { over: true, .. } => return Ok(over(&app, &place)),
        Verdict::Refused { why, over: false } => return show(&app, &visit, &place, &guest, again(refused(why), None)).await,
        Verdict::Blocked(waiting) => {
            let (seconds, error) = blocked(waiting);
            return show(&app, &visit, &place, &guest, Said { unlock: may_be_lifted(waiting), ..again(error, Some(seconds)) }).await;
        }
    };
    let cookie = match guest.factors.policy.trusted_device_ttl.filter(|_| remember) {
        Some(ttl) => Some(trusted_device::trust(&scene, ttl).await?),
        None => None,
    };
    finish((&app, &visit, &place), &guest, proof, (guest.path_after(&place), cookie)).await
}

/// What the page says beside its question.
#[derive(Default)]
struct Said {
    error: Option<CodeError>,
    /// Seconds to wait.
    wait: Option<u64>,
    notice: Option<Notice>,
    /// The box is ticked.
    remember: bool,
    /// In answer to a form.
    answered: bool,
    /// The pause is long: it may be lifted by mail.
    unlock: bool,
}

async fn show(app: &App, visit: &Visit, place: &Place<'_>, guest: &Guest, said: Said) -> Result<Response, PageError> {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = CodePage {
        flow: place.sealed().map(str::to_owned),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: guest.user.email.clone(),
        client: client(app, place).await?,
        error: said.error,
        notice: said.notice,
        email_code: guest.may_use_email(),
        passkey: guest.factors.passkeys,
        trust_days: guest.factors.policy.trusted_device_ttl.map(days),
        trust: said.remember,
        unlock: said.unlock && guest.pending().is_some(),
        return_origin: return_origin(place),
    };
    let error = page.error.as_ref().filter(|_| said.answered);
    Ok(render((app, visit, place), &page, (error, said.wait), set_cookie))
}

fn days(ttl: Duration) -> u64 {
    ttl.as_secs().div_ceil(86_400)
}
