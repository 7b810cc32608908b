//! `/account`: "My Account", and "Log out".
//!
//! Routes: `GET /account` [`get`], `POST /account/logout` [`post_logout`].

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use http::header::SET_COOKIE;

use super::show;
use crate::account::confirm::{Detour, Then, signed_in};
use crate::app::App;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::store::user_security::{self, Security};
use crate::web::cookies::Cookie;
use crate::web::pages::views::account::{AccountPage, Done};
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// The page; whoever is not signed in is sent to sign in.
///
/// # Errors
/// A detour: not signed in; the store's.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Detour> {
    let current = signed_in(&app, &visit, Then::Overview).await?;
    let security = user_security::find(&app.store.read(), current.user.id).await?;
    let done = Done::said(query.as_deref().unwrap_or_default());
    Ok(show(&app, &visit, &current, StatusCode::OK, |csrf_token| page(&current, &security, csrf_token, done)))
}

fn page(Current { session, user }: &Current, security: &Security, csrf_token: String, done: Option<Done>) -> AccountPage {
    AccountPage {
        csrf_token,
        email: user.email.clone(),
        email_verified: user.email_verified,
        name: user.profile.name.clone(),
        signed_in_at: session.auth_time.secs(),
        administrator: user.administrator,
        password_changed_at: security.password_changed_at.map(crate::clock::Timestamp::secs),
        delete_at: security.delete_at.map(crate::clock::Timestamp::secs),
        frozen: security.frozen_at.is_some(),
        done,
    }
}

/// "Log out": the session ends, applications are told, and the person is at the login screen again.
///
/// # Errors
/// `Forbidden` for a form from another site; the store's.
pub async fn post_logout(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, PageError> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    if browser::check(&app, &visit, &form)? == Trust::Stale {
        return Ok(Redirect::to("/account").into_response());
    }
    if let Some(current) = session::current(&app, &visit).await? {
        session::end(&app, &current.session, &session::origin(&visit)).await?;
    }
    let mut response = Redirect::to("/login?notice=logged_out").into_response();
    response.headers_mut().append(SET_COOKIE, Cookie::Session.remove(&app.issuer));
    Ok(response)
}
