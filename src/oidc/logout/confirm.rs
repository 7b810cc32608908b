//! The question "log out?", and its answer.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::request::Demand;
use super::{Outcome, Question, Sealed, finish, seal};
use crate::app::App;
use crate::oauth::client;
use crate::secret::{self, OpenError, Purpose};
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::LogoutPage;
use crate::web::{ErrorKind, PageError, StrictForm, Visit, csrf};

/// The form field with the sealed question.
const FIELD: &str = "logout";

/// The page.
pub(super) fn ask(app: &App, visit: &Visit, current: &Current, demand: &Demand, outcome: Outcome) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let locale = visit.locale_for(outcome.ui_locales.as_deref());
    let client = demand.client.as_ref();
    let return_origin = outcome.target.as_deref().zip(client).and_then(|(target, client)| client::leads_to(client, target));
    let question = Question { session: current.session.id, browser: browser::fingerprint(&browser), outcome };
    let page = LogoutPage {
        logout: seal(app, &Sealed::Question(question)),
        csrf_token: csrf::token(&app.sealer, &browser),
        email: current.user.email.clone(),
        client_name: client.map(|client| client.name().to_owned()),
        return_origin,
    };
    with_cookie(app.pages.render(visit, locale, &page), set_cookie)
}

/// `POST /logout/confirm`: yes.
///
/// # Errors
/// `Forbidden` for a form from another site; `Expired` for one that is too old; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, PageError> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    if browser::check(&app, &visit, &form)? == Trust::Stale {
        return Ok(Redirect::to("/logout").into_response());
    }
    let browser = browser::cookie(&app, &visit).unwrap_or_default();
    let question = open(&app, form.get(FIELD).unwrap_or_default(), browser)?;
    match session::current(&app, &visit).await? {
        // Somebody else has signed in since the page was shown; its name on the page was another one.
        Some(current) if current.session.id != question.session => Ok(Redirect::to("/logout").into_response()),
        Some(current) => {
            let told = session::end(&app, &current.session, &session::origin(&visit)).await?;
            finish(&app, &visit, question.outcome, told).await
        }
        None => finish(&app, &visit, question.outcome, Vec::new()).await,
    }
}

fn open(app: &App, sealed: &str, browser: &str) -> Result<Question, PageError> {
    let expired = || PageError::new(ErrorKind::Expired { restart: Some("/logout".to_owned()) });
    match app.sealer.open(Purpose::Logout, sealed, app.now()) {
        Ok(Sealed::Question(question)) if secret::equal(question.browser.as_bytes(), browser::fingerprint(browser).as_bytes()) => {
            Ok(question)
        }
        Ok(Sealed::Question(_)) | Err(OpenError::Expired(Sealed::Question(_))) => Err(expired()),
        _ => Err(PageError::new(ErrorKind::BadRequest)),
    }
}
