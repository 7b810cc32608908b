//! `/password/reset/finish`: the new password, or why the link opens nothing.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::account::kept::Kept;
use crate::account::new_password::NewPassword;
use crate::account::password::Context;
use crate::account::password_reset::{self, Found, State as Live, Way};
use crate::app::App;
use crate::interaction::flow::Flow;
use crate::interaction::form::{self, see_other};
use crate::interaction::new_credentials;
use crate::organization;
use crate::session::browser::{self, Trust};
use crate::store::users::User;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::recovery::{DeadLink, PasswordError, ResetDeadPage, ResetFinishPage};
use crate::web::{ErrorKind, Locale, PageError, StrictForm, StrictQuery, Visit, csrf};

/// With `?token=…` the link of a mail: it goes into this browser's cookie, and the browser to the same page without it, so that it is in no history and
/// no referrer. Nothing is used, whoever looks. Without: what the link is still good for.
///
/// # Errors
/// A page: a query that is none; the store.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(form::unreadable)?;
    let kept = Kept::of(&app, &visit);
    if let Some(token) = query.get("token") {
        let token = token.chars().filter(char::is_ascii).take(600).collect();
        let kept = Kept { opened: Some(Way::Link(token)), ..kept };
        return Ok(with_cookie(see_other("/password/reset/finish"), Some(kept.set_cookie(&app))));
    }
    let Some(way) = kept.opened else { return Ok(see_other("/password/reset")) };
    let found = password_reset::look(&app, &way).await?;
    match &found.state {
        Live::Live(live) => show(&app, &visit, &found, &live.1, None, false).await,
        _ => Ok(dead(&app, &visit, &found)),
    }
}

/// Sets the password. It does not sign in: whoever has a second factor is asked for it as always.
///
/// # Errors
/// A page: posted by another site, no hash thread; the store.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let Some(way) = Kept::of(&app, &visit).opened else { return Ok(see_other("/password/reset")) };
    let found = password_reset::look(&app, &way).await?;
    let Live::Live(live) = &found.state else { return Ok(see_other("/password/reset/finish")) };
    if trust == Trust::Stale {
        return show(&app, &visit, &found, &live.1, None, true).await;
    }
    let password = match NewPassword::read(&posted).check(&app, &rules(&app, &live.1).await?).await {
        Ok(password) => password,
        Err(error) => return show(&app, &visit, &found, &live.1, Some(error), false).await,
    };
    let hash = app.passwords.hash(password).await;
    let hash = hash.map_err(|busy| PageError::because(ErrorKind::Busy { retry_after: 1 }, busy))?;
    if !password_reset::finish(&app, &visit, live, hash, locale(&visit, &found)).await? {
        return Ok(see_other("/password/reset/finish"));
    }
    new_credentials::sign_in(&app, &visit, found.flow.as_deref(), &live.1.email, "password_reset").await
}

/// What this person's password must be.
async fn rules(app: &App, user: &User) -> Result<Context, PageError> {
    let policy = organization::policy(&app.store.read(), &app.config, user.id).await?;
    Ok(Context::of_service(&app.config).under(&policy).email(&user.email).profile(&user.profile))
}

/// Somebody who opens the link elsewhere reads the language the reset was asked for in, unless they picked one there.
fn locale(visit: &Visit, found: &Found) -> Locale {
    visit.locale_for(found.locale.map(Locale::tag))
}

async fn show(
    app: &App,
    visit: &Visit,
    found: &Found,
    user: &User,
    error: Option<PasswordError>,
    refreshed: bool,
) -> Result<Response, PageError> {
    let flow = found.flow.as_deref().and_then(Flow::from_kept);
    let client = match &flow {
        Some(flow) => flow.client_view(app).await?,
        None => None,
    };
    let (browser, set_cookie) = browser::binding(app, visit);
    let status = if error.is_some() || refreshed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ResetFinishPage {
        csrf_token: csrf::token(&app.sealer, &browser),
        email: user.email.clone(),
        min_length: rules(app, user).await?.min_length(),
        client,
        error,
        refreshed,
        return_origin: flow.as_ref().and_then(Flow::return_origin),
    };
    Ok(with_cookie(app.pages.render_with_status(status, visit, locale(visit, found), &page), set_cookie))
}

fn dead(app: &App, visit: &Visit, found: &Found) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = ResetDeadPage {
        csrf_token: csrf::token(&app.sealer, &browser),
        why: match found.state {
            Live::Used => DeadLink::Used,
            Live::Expired => DeadLink::Expired,
            Live::Unknown | Live::Live(_) => DeadLink::Unknown,
        },
        known: found.account.is_some(),
        minutes: password_reset::minutes(app),
    };
    with_cookie(app.pages.render_with_status(StatusCode::GONE, visit, locale(visit, found), &page), set_cookie)
}
