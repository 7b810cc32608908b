//! `/choose-account`: `prompt=select_account`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use uuid::Uuid;

use super::flow::{self, Flow, FlowQuery};
use super::form::{self, facts, see_other};
use super::known_accounts;
use super::step::is_account_chosen;
use crate::app::App;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::store::users::User;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::{AccountChoice, ChooseAccountPage};
use crate::web::{PageError, Params, StrictForm, Visit, csrf};

/// The list; or back to the flow, when nobody is signed in or the choice has been made.
///
/// # Errors
/// A page: the flow is over, not ours, or another browser's; the store.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let flow = flow::open(&app, &visit, sealed.as_deref())?;
    let sealed = sealed.unwrap_or_default();
    match session::current(&app, &visit).await? {
        Some(current) if !is_account_chosen(flow.chosen, flow.requested_at, facts(&current)) => {
            show(&app, &visit, &flow, &sealed, &current).await
        }
        _ => Ok(see_other(&flow::resume_path(&sealed))),
    }
}

/// Takes the choice and goes on: the account signed in needs nothing more, any other one its password.
///
/// # Errors
/// A page: posted by another site, the flow is over, no choice at all, the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let sealed = posted.get(flow::PARAM).unwrap_or_default();
    let flow = flow::open(&app, &visit, Some(sealed))?;
    let Some(current) = session::current(&app, &visit).await? else {
        return Ok(see_other(&flow::resume_path(sealed)));
    };
    if trust == Trust::Stale {
        let mut response = show(&app, &visit, &flow, sealed, &current).await?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let here = flow::page_path("/choose-account", sealed);
    let response = match Choice::of(&posted).ok_or_else(|| form::unreadable("no choice"))? {
        Choice::Account(id) if id == current.user.id => {
            let chosen = Flow { chosen: Some(current.session.id), ..flow };
            see_other(&flow::resume_path(&flow::seal(&app, &visit, &chosen).value))
        }
        Choice::Account(id) => match known_accounts::list(&app, &visit).await?.into_iter().find(|user| user.id == id) {
            Some(user) => sign_in_as(&app, &visit, &flow, &current, Some(user.email)),
            // Removed meanwhile, in another tab or by the operator: the list as it is now.
            None => see_other(&here),
        },
        Choice::Remove(id) => with_cookie(see_other(&here), Some(known_accounts::forget(&app, &visit, id))),
        Choice::Another => sign_in_as(&app, &visit, &flow, &current, None),
    };
    Ok(response)
}

/// The login page for somebody who is not the one signed in.
fn sign_in_as(app: &App, visit: &Visit, flow: &Flow, current: &Current, email: Option<String>) -> Response {
    let flow = flow.with_another_account(Some(facts(current).sign_in()), email);
    see_other(&flow::page_path("/login", &flow::seal(app, visit, &flow).value))
}

/// The button that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Account(Uuid),
    Remove(Uuid),
    Another,
}

impl Choice {
    fn of(posted: &Params) -> Option<Self> {
        let id = |name| posted.get(name).and_then(|id| Uuid::parse_str(id).ok());
        id("account").map(Self::Account).or_else(|| id("remove").map(Self::Remove)).or_else(|| posted.get("another").map(|_| Self::Another))
    }
}

async fn show(app: &App, visit: &Visit, flow: &Flow, sealed: &str, current: &Current) -> Result<Response, PageError> {
    let others = known_accounts::list(app, visit).await?.into_iter().filter(|user| user.id != current.user.id);
    let mut accounts = vec![choice(&current.user, true)];
    accounts.extend(others.map(|user| choice(&user, false)));
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = ChooseAccountPage {
        flow: sealed.to_owned(),
        csrf_token: csrf::token(&app.sealer, &browser),
        client: flow.client_view(app).await?.unwrap_or_default(),
        accounts,
        return_origin: flow.return_origin(),
    };
    let response = app.pages.render(visit, visit.locale_for(flow.ui_locales.as_deref()), &page);
    Ok(with_cookie(response, set_cookie))
}

fn choice(user: &User, signed_in: bool) -> AccountChoice {
    AccountChoice { id: user.id.to_string(), email: user.email.clone(), name: user.profile.name.clone(), signed_in }
}
