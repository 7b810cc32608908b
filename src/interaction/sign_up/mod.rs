//! The pages of a new account. What happens is `account::registration`'s; here the application's request is carried along.
//!
//! Routes: `GET, POST /sign-up` [`get`], [`post`]; `/sign-up/sent` [`sent`]; `/sign-up/finish` and `/invitation` [`join`].
//! Initiating User Registration via OpenID Connect 1.0 (`prompt=create`).

pub mod join;
pub mod sent;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::flow::{self, FlowQuery};
use super::form::{self, see_other};
use super::waiting::Waiting;
use crate::account::kept::Kept;
use crate::account::registration::{self, Refusal};
use crate::app::App;
use crate::config::RegistrationMode;
use crate::interaction::Flow;
use crate::session::browser::{self, Trust};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::registration::{SignUpClosedPage, SignUpError, SignUpPage};
use crate::web::{PageError, StrictForm, Visit, csrf};

/// The form; or, where people cannot make accounts themselves, whom to ask.
///
/// # Errors
/// The store's.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let waiting = Waiting::of(&app, &visit, sealed.as_deref());
    if app.config.registration.mode != RegistrationMode::Open {
        return Ok(closed(&app, &visit, &waiting));
    }
    let email = waiting.flow.as_ref().and_then(|flow| flow.login_hint.clone()).unwrap_or_default();
    show(&app, &visit, &waiting, SignUpPage { email, ..SignUpPage::default() }).await
}

/// Asks for an account. Whoever the address belongs to, the next page is the same.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let waiting = Waiting::of(&app, &visit, posted.get(flow::PARAM));
    if app.config.registration.mode != RegistrationMode::Open {
        return Ok(closed(&app, &visit, &waiting));
    }
    let typed = posted.get("email").unwrap_or_default().trim();
    let page = SignUpPage { email: typed.to_owned(), ..SignUpPage::default() };
    if trust == Trust::Stale {
        return show_again(&app, &visit, &waiting, SignUpPage { refreshed: true, ..page }).await;
    }
    let address = match registration::check_address(&app.config, typed) {
        Ok(address) => address,
        Err(refusal) => {
            let error = Some(told(&app, refusal));
            return show_again(&app, &visit, &waiting, SignUpPage { error, ..page }).await;
        }
    };
    let flow = waiting.flow.as_ref().and_then(Flow::to_keep);
    let sent = registration::request(&app, &visit, &address, waiting.locale(&visit), flow).await?;
    let kept = Kept { mailed: Some(sent), ..Kept::of(&app, &visit) };
    Ok(with_cookie(see_other(&waiting.path("/sign-up/sent")), Some(kept.set_cookie(&app))))
}

fn told(app: &App, refusal: Refusal) -> SignUpError {
    match refusal {
        Refusal::NoAddress => SignUpError::Email,
        Refusal::MixedScripts => SignUpError::MixedScripts,
        Refusal::Domain => {
            let domains: Vec<&str> = app.config.registration.allowed_domains.split_whitespace().collect();
            SignUpError::Domain { domains: domains.join(", ") }
        }
    }
}

fn closed(app: &App, visit: &Visit, waiting: &Waiting) -> Response {
    let by_invitation = app.config.registration.mode == RegistrationMode::Invitation;
    let page = SignUpClosedPage { flow: waiting.sealed.clone(), by_invitation };
    app.pages.render_with_status(StatusCode::NOT_FOUND, visit, waiting.locale(visit), &page)
}

async fn show_again(app: &App, visit: &Visit, waiting: &Waiting, page: SignUpPage) -> Result<Response, PageError> {
    let mut response = show(app, visit, waiting, page).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

async fn show(app: &App, visit: &Visit, waiting: &Waiting, page: SignUpPage) -> Result<Response, PageError> {
    let (browser, set_cookie) = browser::binding(app, visit);
    let client = waiting.client(app).await?;
    let page = SignUpPage { flow: waiting.sealed.clone(), csrf_token: csrf::token(&app.sealer, &browser), client, ..page };
    Ok(with_cookie(app.pages.render(visit, waiting.locale(visit), &page), set_cookie))
}
