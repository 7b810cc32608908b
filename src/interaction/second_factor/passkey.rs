//! `/login/passkey`: a passkey as the second factor.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode};

use super::{Arrival, Guest, arrive, client, finish, over, return_origin, scene, seconds_of};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::place::Place;
use crate::mfa::passkey::{self, Answer};
use crate::mfa::verify::Verdict;
use crate::session::browser::{self, Trust};
use crate::session::pending::Pending;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::Notice;
use crate::web::pages::views::passkeys::{CeremonyView, PasskeyError, PasskeyPage};
use crate::web::{ErrorKind, Page, PageError, StrictForm, Visit, Wait, csrf};

/// The question; or the way to what this person has instead, or on.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let place = Place::open(&app, &visit, sealed.as_deref())?;
    let guest = match arrive(&app, &visit, &place).await? {
        Arrival::Guest(guest) => guest,
        Arrival::Elsewhere(response) => return Ok(response),
    };
    if !guest.factors.passkeys {
        return Ok(see_other(&place.page(guest.page())));
    }
    show((&app, &visit, &place), &guest, (None, None, None)).await
}

/// Verifies what the browser has answered, starts the session, goes on.
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
    if !guest.factors.passkeys {
        return Ok(see_other(&place.page(guest.page())));
    }
    let here = (&app, &visit, &place);
    if trust == Trust::Stale {
        return show(here, &guest, (None, None, Some(Notice::FormRefreshed))).await;
    }
    let Some(answer) = Answer::of(&posted) else { return show(here, &guest, (Some(PasskeyError::Missing), None, None)).await };
    let scene = scene(&app, &visit, &place, &guest.user).await?;
    let bound = (guest.bound(), browser::cookie(&app, &visit));
    match passkey::verify(&scene, guest.pending().map(Pending::row), bound, answer).await? {
        Some(Verdict::Proven(proof)) => finish(here, &guest, proof, (guest.path_after(&place), None)).await,
        Some(Verdict::Refused { over: true, .. }) => Ok(over(&app, &place)),
        Some(Verdict::Refused { over: false, .. }) => show(here, &guest, (Some(PasskeyError::Refused), None, None)).await,
        Some(Verdict::Blocked(blocked)) => {
            let seconds = seconds_of(blocked);
            let error = if blocked.at_ceiling { PasskeyError::Ceiling } else { PasskeyError::Blocked { wait: Wait::of(seconds) } };
            show(here, &guest, (Some(error), Some(seconds), None)).await
        }
        None => show(here, &guest, (Some(PasskeyError::Stale), None, None)).await,
    }
}

async fn show(
    here: (&App, &Visit, &Place<'_>),
    guest: &Guest,
    (error, wait, notice): (Option<PasskeyError>, Option<u64>, Option<Notice>),
) -> Result<Response, PageError> {
    let (app, visit, place) = here;
    let (browser, set_cookie) = browser::binding(app, visit);
    let ceremony = passkey::ask_of(app, &browser, guest.bound(), guest.user.id).await?;
    let page = PasskeyPage {
        flow: place.sealed().map(str::to_owned),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: guest.user.email.clone(),
        ceremony: ceremony.map(view).ok_or_else(|| PageError::because(ErrorKind::Internal, "there is no passkey to ask for"))?,
        app: guest.factors.totp,
        email_code: guest.may_use_email(),
        client: client(app, place).await?,
        error,
        notice,
        return_origin: return_origin(place),
    };
    Ok(respond(here, &page, (error.is_some() || notice.is_some(), wait), set_cookie))
}

/// For the page.
pub(super) fn view(ceremony: passkey::Ceremony) -> CeremonyView {
    CeremonyView { options: ceremony.options, state: ceremony.state }
}

/// The page, with 422 when it answers a form, and 429 with `Retry-After` for what needs patience.
pub(super) fn respond<P: Page>(
    (app, visit, place): (&App, &Visit, &Place<'_>),
    page: &P,
    (answered, wait): (bool, Option<u64>),
    cookie: Option<HeaderValue>,
) -> Response {
    let status = match (answered, wait) {
        (_, Some(_)) => StatusCode::TOO_MANY_REQUESTS,
        (true, None) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, None) => StatusCode::OK,
    };
    let mut response = app.pages.render_with_status(status, visit, place.locale(visit), page);
    if let Some(seconds) = wait {
        response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    with_cookie(response, cookie)
}
