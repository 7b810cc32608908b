//! Where a person stands with a device's request: asked from the start each time, as for the request of an application.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::interaction::flow::Flow;
use crate::interaction::step::{Demand, Step, next_step};
use crate::interaction::{facts, second_factor};
use crate::session::{self, Current};
use crate::store;
use crate::store::clients::{Client, GrantType};
use crate::store::device_authorizations::{self, DeviceAuthorization};
use crate::tokens::Scope;
use crate::web::Visit;

pub(super) enum Standing {
    /// It was answered, its time is over, or its client is gone or may not ask so any more.
    Over,
    /// What is missing first: the page that asks for it, and the flow it needs.
    Missing(&'static str, Box<Flow>),
    Ready(Box<Ready>),
}

/// Who can answer, and what.
pub(super) struct Ready {
    pub(super) flow: Flow,
    pub(super) authorization: DeviceAuthorization,
    pub(super) client: Arc<Client>,
    pub(super) current: Current,
    /// What the device asked for and its client is still registered for.
    pub(super) scope: Scope,
}

/// # Errors
/// The store's.
pub(super) async fn of(app: &App, visit: &Visit, flow: Flow) -> store::Result<Standing> {
    let Some(device) = &flow.device else { return Ok(Standing::Over) };
    let found = device_authorizations::find(&app.store.read(), device.id).await?;
    let Some(authorization) = found.filter(|found| found.is_pending(app.now())) else { return Ok(Standing::Over) };
    let Some(client) = client(app, &authorization.client_id).await? else { return Ok(Standing::Over) };
    let asked = Scope::parse(&authorization.scope).unwrap_or_default();
    let scope = asked.intersection(&app.scopes.all().await?.registered(&client));
    if scope.is_empty() {
        return Ok(Standing::Over);
    }
    let current = session::current(app, visit).await?;
    let second_factor = match &current {
        Some(current) => second_factor::is_owed(app, visit, current).await?,
        None => false,
    };
    let demand = Demand { second_factor, ..demand(&client, &flow, &scope) };
    let step = next_step(&demand, current.as_ref().map(facts), None);
    let flow = Flow { wanted: demand.wanted(), question: None, ..flow };
    Ok(match (step, current) {
        (Step::Issue, Some(current)) => Standing::Ready(Box::new(Ready { flow, authorization, client, current, scope })),
        (Step::SecondFactor, Some(_)) => Standing::Missing("/login/code", Box::new(flow)),
        _ => Standing::Missing("/login", Box::new(flow)),
    })
}

/// A client that may ask through a device.
///
/// # Errors
/// The store's.
pub(super) async fn client(app: &App, client_id: &str) -> store::Result<Option<Arc<Client>>> {
    let found = app.clients.find(client_id).await?;
    Ok(found.filter(|client| client.enabled && client.may_use(GrantType::DeviceCode)))
}

/// What `/authorize` would ask of the session. Consent is not its business: here everybody is asked, of every application.
fn demand(client: &Client, flow: &Flow, scope: &Scope) -> Demand {
    Demand {
        requested_at: flow.requested_at,
        max_age: client.metadata.default_max_age.map(Duration::from_secs),
        scope: scope.clone(),
        consent_by_operator: true,
        chosen: flow.chosen,
        turned_down: flow.wanted.turned_down,
        ..Demand::default()
    }
}
