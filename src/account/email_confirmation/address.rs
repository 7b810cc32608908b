//! `/account/email`: the address, whether it is confirmed, and another one in its place.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::super::confirm::{Detour, Then, proven};
use super::super::console::show;
use super::super::kept::Kept;
use super::super::registration::{Refusal, check_address};
use super::request;
use crate::app::App;
use crate::session::Current;
use crate::session::browser::{self, Trust};
use crate::store::user_security;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::registration::{EmailError, EmailPage};
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// The page.
///
/// # Errors
/// A detour: not signed in, or not recently; the store's.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Detour> {
    let (current, _) = proven(&app, &visit, Then::Email).await?;
    let limited = query.is_some_and(|query| query.contains("limited"));
    render(&app, &visit, &current, String::new(), limited.then_some(EmailError::Limited)).await
}

/// Asks for another address: a mail goes there, and a word to the one so far. Nothing changes until the mail is answered, and whether somebody has
/// the address is not said.
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, Detour> {
    let posted = posted.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &posted)?;
    let (current, _) = proven(&app, &visit, Then::Email).await?;
    let typed = posted.get("email").unwrap_or_default().trim().to_owned();
    let address = match check(&app, &current, &typed) {
        Ok(address) if trust == Trust::Ours && !is_frozen(&app, &current).await? => address,
        other => return render(&app, &visit, &current, typed, other.err()).await.map(unprocessable),
    };
    match request::change(&app, &visit, &current.user, &address).await? {
        Some(sent) => {
            let kept = Kept { mailed: Some(sent), ..Kept::of(&app, &visit) };
            Ok(with_cookie(Redirect::to("/email/confirm").into_response(), Some(kept.set_cookie(&app))))
        }
        None => render(&app, &visit, &current, typed, Some(EmailError::Limited)).await.map(unprocessable),
    }
}

/// What may register may become an account's address, and nothing else.
fn check(app: &App, current: &Current, typed: &str) -> Result<String, EmailError> {
    let address = check_address(&app.config, typed).map_err(|refusal| match refusal {
        Refusal::NoAddress => EmailError::Invalid,
        Refusal::MixedScripts => EmailError::MixedScripts,
        Refusal::Domain => EmailError::Domain,
    })?;
    if address == current.user.email { Err(EmailError::Same) } else { Ok(address) }
}

async fn is_frozen(app: &App, current: &Current) -> crate::store::Result<bool> {
    Ok(user_security::find(&app.store.read(), current.user.id).await?.frozen_at.is_some())
}

fn unprocessable(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    response
}

async fn render(app: &App, visit: &Visit, current: &Current, typed: String, error: Option<EmailError>) -> Result<Response, Detour> {
    let frozen = is_frozen(app, current).await?;
    Ok(show(app, visit, current, StatusCode::OK, |csrf_token| EmailPage {
        csrf_token,
        email: current.user.email.clone(),
        email_verified: current.user.email_verified,
        typed,
        domains: app.config.registration.allowed_domains.split_whitespace().collect::<Vec<_>>().join(", "),
        error,
        frozen,
    }))
}
