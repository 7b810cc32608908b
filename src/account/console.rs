//! `/account`: who is signed in.
//!
//! Routes: `GET /account` [`get`], `POST /account/logout` [`post_logout`].

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::SET_COOKIE;

use crate::app::App;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::web::cookies::Cookie;
use crate::web::pages::views::account::AccountPage;
use crate::web::{ErrorKind, PageError, StrictForm, Visit, csrf};

/// The page; whoever is not signed in is sent to sign in.
///
/// # Errors
/// The store's.
pub async fn get(State(app): State<App>, visit: Visit) -> Result<Response, PageError> {
    let Some(current) = session::current(&app, &visit).await? else {
        return Ok(Redirect::to("/login").into_response());
    };
    session::touch(&app, &current.session).await?;
    let (browser, set_cookie) = browser::binding(&app, &visit);
    let page = page(current, csrf::token(&app.sealer, &browser));
    let mut response = app.pages.render(&visit, visit.locale_for(None), &page);
    if let Some(cookie) = set_cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn page(Current { session, user }: Current, csrf_token: String) -> AccountPage {
    AccountPage {
        csrf_token,
        email: user.email,
        email_verified: user.email_verified,
        name: user.profile.name,
        signed_in_at: session.auth_time.secs(),
        administrator: user.administrator,
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
