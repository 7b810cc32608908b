//! The person's side of a device without a browser (RFC 8628 §3.3): the code is typed, the person signs in as for any application, and is asked whether the
//! code is really on a device of theirs.
//!
//! The code alone allows nothing, and neither does a link that carries it: somebody may have sent it (RFC 8628 §5.4). From the code on the request is a
//! [`Flow`] like any other, so that every rule of signing in holds; [`resume`] asks again what is missing.
//!
//! Routes: `GET, POST /device` [`get`], [`post`]; `GET, POST /device/confirm` [`confirm`]; `GET /device/done` [`done`].

pub mod budget;
pub mod confirm;
pub mod done;
mod standing;

use axum::extract::State;
use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use super::flow::{self, Device, Flow};
use super::form::{self, see_other};
use crate::app::App;
use crate::session;
use crate::session::browser::{self, Trust};
use crate::store;
use crate::store::device_authorizations::{self, DeviceAuthorization};
use crate::tokens::device::UserCode;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::device::{DeviceCodeError, DeviceCodePage};
use crate::web::{ErrorKind, PageError, StrictForm, StrictQuery, Visit, Wait, csrf};

use standing::Standing;

/// Of a code in a link, or one that was typed, and is shown again.
const MAX_SHOWN: usize = 32;

/// The form, filled in when a link brought the code; it is the person who sends it.
///
/// # Errors
/// A page: a query that is none.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let user_code = shown(query.get("user_code").unwrap_or_default());
    Ok(show(&app, &visit, StatusCode::OK, DeviceCodePage { user_code, ..DeviceCodePage::default() }))
}

/// Looks for the device that shows this code, and begins its flow.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let typed = posted.get("user_code").unwrap_or_default();
    let page = DeviceCodePage { user_code: shown(typed), ..DeviceCodePage::default() };
    if trust == Trust::Stale {
        return Ok(show(&app, &visit, StatusCode::UNPROCESSABLE_ENTITY, DeviceCodePage { refreshed: true, ..page }));
    }
    let Some(code) = UserCode::read(typed) else {
        let error = if typed.trim().is_empty() { DeviceCodeError::Missing } else { DeviceCodeError::Wrong };
        return Ok(refuse(&app, &visit, page, error));
    };
    let current = session::current(&app, &visit).await?;
    let costs = budget::of_code(&app, &visit, current.as_ref());
    if let Some(wait) = budget::take(&app, &costs).await? {
        return Ok(limited(&app, &visit, page, u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)));
    }
    let Some(found) = waiting(&app, &code).await? else {
        return Ok(refuse(&app, &visit, page, DeviceCodeError::Wrong));
    };
    budget::give_back(&app, costs).await?;
    let flow = Flow {
        client_id: found.client_id,
        requested_at: app.now(),
        device: Some(Device { id: found.id, user_code: code.to_string() }),
        ..Flow::default()
    };
    let sealed = flow::seal(&app, &visit, &flow);
    Ok(with_cookie(see_other(&flow::resume_path(&sealed.value)), sealed.set_cookie))
}

/// A flow that comes back from a page: what is still missing, or the question.
///
/// # Errors
/// The store's.
pub async fn resume(app: &App, visit: &Visit, flow: Flow) -> Result<Response, PageError> {
    let (path, flow) = match standing::of(app, visit, flow).await? {
        Standing::Over => return Ok(over(app, visit)),
        Standing::Missing(path, flow) => (path, flow),
        Standing::Ready(ready) => (confirm::PATH, Box::new(ready.flow)),
    };
    let sealed = flow::seal(app, visit, &flow);
    Ok(with_cookie(see_other(&flow::page_path(path, &sealed.value)), sealed.set_cookie))
}

/// The request that shows this code and can still be answered, by a client that may ask so.
async fn waiting(app: &App, code: &UserCode) -> store::Result<Option<DeviceAuthorization>> {
    let Some(digest) = code.digest(&app.pepper) else { return Ok(None) };
    let found = device_authorizations::find_by_user_code(&app.store.read(), &digest).await?;
    let Some(found) = found.filter(|found| found.is_pending(app.now())) else { return Ok(None) };
    let client = standing::client(app, &found.client_id).await?;
    Ok(client.map(|_| found))
}

/// The form again, for a code that can no longer be answered. Which of the reasons it is nobody is told.
fn over(app: &App, visit: &Visit) -> Response {
    refuse(app, visit, DeviceCodePage::default(), DeviceCodeError::Wrong)
}

fn refuse(app: &App, visit: &Visit, page: DeviceCodePage, error: DeviceCodeError) -> Response {
    show(app, visit, StatusCode::UNPROCESSABLE_ENTITY, DeviceCodePage { error: Some(error), ..page })
}

fn limited(app: &App, visit: &Visit, page: DeviceCodePage, seconds: u64) -> Response {
    let page = DeviceCodePage { error: Some(DeviceCodeError::Limited), wait: Some(Wait::of(seconds)), ..page };
    let mut response = show(app, visit, StatusCode::TOO_MANY_REQUESTS, page);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn shown(typed: &str) -> String {
    UserCode::read(typed).map_or_else(|| typed.trim().chars().take(MAX_SHOWN).collect(), |code| code.to_string())
}

fn show(app: &App, visit: &Visit, status: StatusCode, page: DeviceCodePage) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = DeviceCodePage { csrf_token: csrf::token(&app.sealer, &browser), ..page };
    with_cookie(app.pages.render_with_status(status, visit, visit.locale_for(None), &page), set_cookie)
}
