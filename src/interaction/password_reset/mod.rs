//! The pages of a forgotten password. What happens is `account::password_reset`'s; here the application's request is carried along.
//!
//! Routes: `GET, POST /password/reset` [`get`], [`post`]; `POST /password/reset/again` [`again`]; `/password/reset/sent` [`sent`];
//! `/password/reset/finish` [`finish`].

pub mod finish;
pub mod sent;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::flow::{self, Flow, FlowQuery};
use super::form::{self, see_other};
use super::waiting::Waiting;
use crate::account::email;
use crate::account::kept::{Asked, Kept};
use crate::account::password_reset::{self, Whom, Wish};
use crate::app::App;
use crate::session::browser::{self, Trust};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::recovery::ResetPage;
use crate::web::{PageError, StrictForm, Visit, csrf};

/// The form, with the address the application hinted at.
///
/// # Errors
/// The store's.
pub async fn get(State(app): State<App>, visit: Visit, FlowQuery(sealed): FlowQuery) -> Result<Response, PageError> {
    let waiting = Waiting::of(&app, &visit, sealed.as_deref());
    let email = waiting.flow.as_ref().and_then(|flow| flow.login_hint.clone()).unwrap_or_default();
    show(&app, &visit, &waiting, ResetPage { email, ..ResetPage::default() }).await
}

/// Asks for a reset. Whoever the address belongs to, the next page is the same.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let waiting = Waiting::of(&app, &visit, posted.get(flow::PARAM));
    let typed = posted.get("email").unwrap_or_default().trim();
    let page = ResetPage { email: typed.to_owned(), refreshed: trust == Trust::Stale, ..ResetPage::default() };
    match email::canonical(typed) {
        Some(address) if trust == Trust::Ours => ask(&app, &visit, &waiting, Whom::Address(address), "").await,
        address => show_again(&app, &visit, &waiting, ResetPage { invalid: address.is_none() && !page.refreshed, ..page }).await,
    }
}

/// "Send again", and "Send a new link": for whom, this browser remembers.
///
/// # Errors
/// A page: posted by another site; the store.
pub async fn again(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let kept = Kept::of(&app, &visit);
    if posted.get("from") == Some("link") {
        let Some(way) = kept.opened else { return Ok(see_other("/password/reset")) };
        let found = password_reset::look(&app, &way).await?;
        let waiting = Waiting::kept(&app, &visit, found.flow.as_deref());
        return match found.account {
            Some(account) if trust == Trust::Ours => ask(&app, &visit, &waiting, Whom::Account(account), "").await,
            Some(_) => Ok(see_other("/password/reset/finish")),
            None => Ok(see_other("/password/reset")),
        };
    }
    let waiting = Waiting::of(&app, &visit, posted.get(flow::PARAM));
    match kept.asked {
        Some(asked) if trust == Trust::Ours => ask(&app, &visit, &waiting, asked.whom(), "again").await,
        Some(_) => Ok(see_other(&waiting.path("/password/reset/sent"))),
        None => Ok(see_other(&waiting.path("/password/reset"))),
    }
}

/// The one way to ask, and the one answer.
async fn ask(app: &App, visit: &Visit, waiting: &Waiting, whom: Whom, notice: &str) -> Result<Response, PageError> {
    let kept = Kept::of(app, visit);
    let application = waiting.client(app).await?.map(|client| client.name);
    let wish = Wish {
        whom: whom.clone(),
        locale: waiting.locale(visit),
        application,
        flow: waiting.flow.as_ref().and_then(Flow::to_keep),
        before: kept.asked.as_ref().filter(|asked| asked.whom() == whom).map(|asked| asked.requested.attempt),
    };
    let requested = password_reset::request(app, visit, wish).await?;
    let kept = Kept { asked: Some(Asked::new(whom, requested)), ..kept };
    let mut path = waiting.path("/password/reset/sent");
    if !notice.is_empty() {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str("notice=");
        path.push_str(notice);
    }
    Ok(with_cookie(see_other(&path), Some(kept.set_cookie(app))))
}

async fn show_again(app: &App, visit: &Visit, waiting: &Waiting, page: ResetPage) -> Result<Response, PageError> {
    let mut response = show(app, visit, waiting, page).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

async fn show(app: &App, visit: &Visit, waiting: &Waiting, page: ResetPage) -> Result<Response, PageError> {
    let (browser, set_cookie) = browser::binding(app, visit);
    let client = waiting.client(app).await?;
    let page = ResetPage { flow: waiting.sealed.clone(), csrf_token: csrf::token(&app.sealer, &browser), client, ..page };
    Ok(with_cookie(app.pages.render(visit, waiting.locale(visit), &page), set_cookie))
}
