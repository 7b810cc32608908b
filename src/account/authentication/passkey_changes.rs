//! `/account/authentication/passkeys/rename` and `/remove`.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use uuid::Uuid;

use super::passkeys::render;
use super::scene;
use crate::account::confirm::{Detour, Then, proven};
use crate::app::App;
use crate::mfa::passkey::{self, Removal};
use crate::session::Rotation;
use crate::session::browser::{self, Trust};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::passkeys::{PasskeyError, PasskeysDone};
use crate::web::{ErrorKind, PageError, Params, StrictForm, Visit};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Gives one another name.
///
/// # Errors
/// A detour: not signed in, or not recently; a form from another site; the store's.
pub async fn post_rename(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = proven(&app, &visit, Then::Passkeys).await?;
    let Some(id) = wanted(&form).filter(|_| trust == Trust::Ours) else { return Ok(back()) };
    let Some(name) = form.get("name").and_then(passkey::name) else {
        return render(&app, &visit, &current, (REFUSED, None, Some(PasskeyError::Name))).await;
    };
    let renamed = passkey::rename(&scene(&app, &visit, &current), id, name).await?;
    Ok(if renamed { Redirect::to(&PasskeysDone::Renamed.path()).into_response() } else { back() })
}

/// Takes one away.
///
/// # Errors
/// As [`post_rename`].
pub async fn post_remove(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = proven(&app, &visit, Then::Passkeys).await?;
    let Some(id) = wanted(&form).filter(|_| trust == Trust::Ours) else { return Ok(back()) };
    let rotation = Rotation::of(&app, &current.session);
    let error = match passkey::remove(&scene(&app, &visit, &current), &rotation, id).await? {
        Removal::Done => {
            let response = Redirect::to(&PasskeysDone::Removed.path()).into_response();
            return Ok(with_cookie(response, Some(rotation.set_cookie())));
        }
        Removal::Gone => return Ok(back()),
        Removal::Required => PasskeyError::Required,
        Removal::Frozen => PasskeyError::Frozen,
    };
    render(&app, &visit, &current, (REFUSED, None, Some(error))).await
}

fn wanted(form: &Params) -> Option<Uuid> {
    form.get("passkey").and_then(|id| Uuid::parse_str(id).ok())
}

fn back() -> Response {
    Redirect::to(Then::Passkeys.path()).into_response()
}
