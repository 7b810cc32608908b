//! `/login/recovery-codes`: shown once, after a second factor was set up on the way; then on.

use axum::extract::State;
use axum::response::Response;

use super::{client, return_origin};
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::{self, see_other};
use crate::interaction::place::Place;
use crate::mfa::recovery_codes;
use crate::session;
use crate::session::browser::{self, Trust};
use crate::store;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::second_factor::SavedCodesPage;
use crate::web::{PageError, StrictForm, Visit, csrf};

/// The codes, while they are still shown; otherwise on.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let place = Place::open(&app, &visit, sealed.as_deref())?;
    let Some(current) = session::current(&app, &visit).await? else { return Ok(see_other(&place.page("/login"))) };
    let summary = recovery_codes::summary(&app.store.read(), &app.sealer, &current.session, app.now()).await?;
    if summary.codes.is_empty() || current.session.second_factor_at.is_none() {
        return Ok(see_other(&place.path_after()));
    }
    let (browser, set_cookie) = browser::binding(&app, &visit);
    let page = SavedCodesPage {
        flow: place.sealed().map(str::to_owned),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: current.user.email,
        codes: summary.codes,
        client: client(&app, &place).await?,
        return_origin: return_origin(&place),
    };
    Ok(with_cookie(app.pages.render(&visit, place.locale(&visit), &page), set_cookie))
}

/// They are saved: from now on nobody is shown them any more.
///
/// # Errors
/// A page: posted by another site, the flow is over, the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let place = Place::open(&app, &visit, posted.get(flow::PARAM))?;
    if trust == Trust::Stale {
        return Ok(see_other(&place.page("/login/recovery-codes")));
    }
    if let Some(current) = session::current(&app, &visit).await? {
        let (user_id, session_id) = (current.user.id, current.session.id);
        app.store.write_one(move |conn| Box::pin(store::recovery_codes::update_hidden(conn, user_id, session_id))).await?;
    }
    Ok(see_other(&place.path_after()))
}
