//! `/device/done`: the answer is given, and the device goes on by itself.

use axum::extract::State;
use axum::response::Response;

use super::over;
use crate::app::App;
use crate::interaction::flow::{self, FlowQuery};
use crate::interaction::form::see_other;
use crate::store::device_authorizations::{self, State as Answered};
use crate::web::pages::views::device::DeviceDonePage;
use crate::web::{PageError, Visit};

/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let flow = flow::open(&app, &visit, sealed.as_deref())?;
    let found = match &flow.device {
        Some(device) => device_authorizations::find(&app.store.read(), device.id).await?,
        None => None,
    };
    let Some(found) = found else { return Ok(over(&app, &visit)) };
    if found.state == Answered::Pending {
        return Ok(see_other(&flow::resume_path(&sealed.unwrap_or_default())));
    }
    let client = flow.client_view(&app).await?.unwrap_or_default();
    let page = DeviceDonePage { flow: sealed.unwrap_or_default(), client, allowed: matches!(found.state, Answered::Approved(_)) };
    Ok(app.pages.render(&visit, visit.locale_for(None), &page))
}
