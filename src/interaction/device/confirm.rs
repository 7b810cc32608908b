//! `/device/confirm`: whether the code is on a device of this person's, and whether its application may do what it asks.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::budget::OfRequest;
use super::over;
use super::standing::{self, Ready, Standing};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::interaction::consent;
use crate::interaction::flow::{self, Flow, FlowQuery, Question};
use crate::interaction::form::{self, facts, see_other};
use crate::session;
use crate::session::browser::{self, Trust};
use crate::store::consents::Consent;
use crate::store::device_authorizations::{self, Approval};
use crate::store::{self, Conn};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::ScopeView;
use crate::web::pages::views::device::DeviceConfirmPage;
use crate::web::{PageError, StrictForm, Visit, address, csrf};

pub(super) const PATH: &str = "/device/confirm";

/// The question; or whatever is missing before it.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let flow = flow::open(&app, &visit, sealed.as_deref())?;
    match standing::of(&app, &visit, flow).await? {
        Standing::Ready(ready) => show(&app, &visit, *ready, StatusCode::OK).await,
        Standing::Over => Ok(over(&app, &visit)),
        Standing::Missing(..) => Ok(see_other(&flow::resume_path(&sealed.unwrap_or_default()))),
    }
}

/// Stores the answer, once. What is allowed is what was sealed, to whom it was shown, whatever else the form says.
///
/// # Errors
/// A page: posted by another site, the flow is over, a decision that is none, the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let sealed = posted.get(flow::PARAM).unwrap_or_default();
    let flow = flow::open(&app, &visit, Some(sealed))?;
    let question = flow.question.clone();
    let ready = match standing::of(&app, &visit, flow).await? {
        Standing::Ready(ready) => *ready,
        Standing::Over => return Ok(over(&app, &visit)),
        Standing::Missing(..) => return Ok(see_other(&flow::resume_path(sealed))),
    };
    // Somebody else signed in meanwhile, or the application may have less by now: it is asked anew.
    let is_the_same =
        question.is_some_and(|question| question.user_id == ready.current.user.id && question.scope == ready.scope.to_string());
    if trust == Trust::Stale || !is_the_same {
        return show(&app, &visit, ready, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let allowed = match posted.get("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(form::unreadable("a decision that is neither allow nor deny")),
    };
    let done = flow::page_path("/device/done", &flow::seal(&app, &visit, &ready.flow).value);
    let answer = Arc::new(Answer::of(&app, &visit, ready, allowed));
    let answered = app.store.write(move |conn| {
        let answer = Arc::clone(&answer);
        Box::pin(async move { answer.run(conn).await })
    });
    Ok(if answered.await? { see_other(&done) } else { over(&app, &visit) })
}

/// One transaction: the answer, the consent it is, the budget that is free again, the audit events.
struct Answer {
    ready: Ready,
    /// None: the person does not allow it.
    approval: Option<Approval>,
    costs: OfRequest,
    origin: audit::Origin,
    now: Timestamp,
}

impl Answer {
    fn of(app: &App, visit: &Visit, ready: Ready, allowed: bool) -> Self {
        let session = &ready.current.session;
        let approval = allowed.then(|| Approval {
            user_id: ready.current.user.id,
            session_id: session.id,
            auth_time: session.auth_time,
            amr: session.amr.clone(),
            acr: session.acr.clone(),
            epoch: session.epoch,
        });
        let costs = OfRequest::new(app, &ready.client.client_id, ready.authorization.address.as_deref());
        Self { approval, costs, origin: session::origin(visit), now: app.now(), ready }
    }

    /// Whether it was still to be answered.
    async fn run(&self, conn: &Conn<'_>) -> store::Result<bool> {
        let (id, scope, now) = (self.ready.authorization.id, self.ready.scope.to_string(), self.now);
        let answered = match &self.approval {
            Some(approval) => device_authorizations::redeem_approval(conn, id, &scope, approval, now).await?,
            None => device_authorizations::redeem_denial(conn, id, now).await?,
        };
        if !answered {
            return Ok(false);
        }
        self.costs.give_back(conn).await?;
        let kind = if self.approval.is_some() { Kind::DeviceAuthorizationApproved } else { Kind::DeviceAuthorizationDenied };
        if self.approval.is_some() && !self.ready.client.metadata.first_party {
            self.consent(conn, &scope).await?;
        }
        audit::record(conn, &self.event(kind, &scope), now).await?;
        Ok(true)
    }

    /// Remembered as the consent page's: My Account shows it, and withdraws it.
    async fn consent(&self, conn: &Conn<'_>, scope: &str) -> store::Result<()> {
        let Ready { current, client, .. } = &self.ready;
        let (user_id, client_id) = (current.user.id, client.client_id.clone());
        let consent = Consent { user_id, client_id, scope: scope.to_owned(), granted_at: self.now };
        consent::remember(conn, &consent, &self.event(Kind::ConsentGranted, scope)).await
    }

    fn event(&self, kind: Kind, scope: &str) -> Event {
        let Ready { current, client, authorization, .. } = &self.ready;
        let event = Event::new(kind, &self.origin).user(current.user.id).client(&client.client_id).session(current.session.id);
        event.grant(authorization.id).detail("scope", scope)
    }
}

async fn show(app: &App, visit: &Visit, ready: Ready, status: StatusCode) -> Result<Response, PageError> {
    let Ready { flow, authorization, current, scope, .. } = ready;
    let another = flow.with_another_account(Some(facts(&current).sign_in()), None);
    let question = Question { user_id: current.user.id, scope: scope.to_string() };
    let asking = Flow { question: Some(question), ..flow };
    let (browser, set_cookie) = browser::binding(app, visit);
    let (locale, known) = (visit.locale_for(None), app.scopes.all().await?);
    let page = DeviceConfirmPage {
        flow: flow::seal(app, visit, &asking).value,
        csrf_token: csrf::token(&app.sealer, &browser),
        client: asking.client_view(app).await?.unwrap_or_default(),
        email: current.user.email.clone(),
        another_account: flow::page_path("/login", &flow::seal(app, visit, &another).value),
        user_code: asking.device.map(|device| device.user_code).unwrap_or_default(),
        other_network: authorization.address.is_some_and(|class| differ(&class, &address::class(visit.address).to_string())),
        minutes: u32::try_from(app.now().since(authorization.created_at).as_secs() / 60).unwrap_or(u32::MAX),
        scopes: scope.without("openid").iter().map(|value| ScopeView::new(value, known.description(value, locale.tag()))).collect(),
    };
    Ok(with_cookie(app.pages.render_with_status(status, visit, locale, &page), set_cookie))
}

/// Whether these are two networks. Of addresses of two families nobody can tell: a television and a telephone in one room often have one each.
fn differ(one: &str, other: &str) -> bool {
    one != other && one.contains(':') == other.contains(':')
}

#[cfg(test)]
mod tests {
    use super::differ;

    #[test]
    fn networks_are_compared_within_a_family() {
        assert!(differ("192.0.2.1", "192.0.2.2") && differ("2001:db8::/64", "2001:db8:0:1::/64"));
        assert!(!differ("192.0.2.1", "192.0.2.1") && !differ("192.0.2.1", "2001:db8::/64"));
    }
}
