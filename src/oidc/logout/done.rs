//! `GET /logged-out`: after a logout that ends here.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{Done, Sealed, seal};
use crate::app::App;
use crate::secret::Purpose;
use crate::session;
use crate::web::pages::views::LoggedOutPage;
use crate::web::{PageError, StrictQuery, Visit};

const PARAM: &str = "done";

/// The path of the page that says this. Sealed, so that nobody can make our page say something.
pub(super) fn path(app: &App, done: Done) -> String {
    if done == Done::default() { "/logged-out".to_owned() } else { format!("/logged-out?{PARAM}={}", seal(app, &Sealed::Done(done))) }
}

/// Which applications are being told, as long as somebody may remember having asked; afterwards only that nobody is signed in.
///
/// # Errors
/// The store's; what cannot be opened is left out.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    // Nobody is told that they have logged out while they are signed in: whoever comes here by another way is asked.
    if session::current(&app, &visit).await?.is_some() {
        return Ok(Redirect::to("/logout").into_response());
    }
    let sealed = query.as_ref().ok().and_then(|query| query.get(PARAM)).unwrap_or_default();
    let done = match app.sealer.open(Purpose::Logout, sealed, app.now()) {
        Ok(Sealed::Done(done)) => done,
        _ => Done::default(),
    };
    let locale = visit.locale_for(done.ui_locales.as_deref());
    Ok(app.pages.render(&visit, locale, &LoggedOutPage { applications: done.applications, not_returned: done.not_returned }))
}
