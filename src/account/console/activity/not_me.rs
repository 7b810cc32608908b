//! "This wasn't me" beside an entry.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::account::confirm::{Detour, Then, signed_in};
use crate::account::not_me;
use crate::app::App;
use crate::session::browser::{self, Trust};
use crate::web::cookies::with_cookie;
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// To the page that explains and asks, with a link of its own that only this browser has: looking at the activity makes none.
///
/// # Errors
/// A detour: not signed in; a form from another site; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let current = signed_in(&app, &visit, Then::Activity).await?;
    if trust == Trust::Stale {
        return Err(Detour::To(Then::Activity.path().to_owned()));
    }
    let cookie = not_me::cookie(&app, &current.user, app.now());
    Ok(with_cookie(Redirect::to("/not-me").into_response(), Some(cookie)))
}
