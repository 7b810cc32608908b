//! Devices that are trusted not to be asked for the second factor: taken off the list.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use uuid::Uuid;

use super::scene;
use crate::account::confirm::{Detour, Then, signed_in};
use crate::app::App;
use crate::mfa::trusted_device;
use crate::session::browser::{self, Trust};
use crate::web::pages::views::authentication::Said;
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// Forgets one (`device` = its id), or all (`all`). It makes nothing weaker, so no proof is asked for.
///
/// # Errors
/// A detour: not signed in; a form from another site; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let current = signed_in(&app, &visit, Then::Authentication).await?;
    let device = form.get("device").and_then(|id| Uuid::parse_str(id).ok());
    if trust == Trust::Stale || (device.is_none() && form.get("all").is_none()) {
        return Ok(Redirect::to(Then::Authentication.path()).into_response());
    }
    trusted_device::forget(&scene(&app, &visit, &current), device).await?;
    Ok(Redirect::to(&Said::DeviceForgotten.path()).into_response())
}
