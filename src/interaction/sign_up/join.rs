//! `/sign-up/finish` and `/invitation`: name and password, and there is an account.

use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use crate::account::kept::Kept;
use crate::account::mailed::Mailed;
use crate::account::new_password::NewPassword;
use crate::account::password::Context;
use crate::account::registration::{self, Joining, Look};
use crate::app::App;
use crate::interaction::form::{self, see_other};
use crate::interaction::new_credentials;
use crate::session::browser::{self, Trust};
use crate::store::users::Profile;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::recovery::{DeadLink, PasswordError};
use crate::web::pages::views::registration::{JoinDeadPage, JoinPage};
use crate::web::{ErrorKind, Locale, PageError, StrictForm, StrictQuery, Visit, csrf};

/// With `?token=…` the link of a mail, which goes into this browser's cookie; without, the form, or why the link opens nothing.
///
/// # Errors
/// A page: a query that is none; the store.
pub async fn get(State(app): State<App>, visit: Visit, uri: Uri, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(form::unreadable)?;
    let kept = Kept::of(&app, &visit);
    if let Some(token) = query.get("token") {
        let token = token.chars().filter(char::is_ascii).take(2000).collect();
        let kept = Kept { mailed: Some(Mailed::Opened { token }), ..kept };
        return Ok(with_cookie(see_other(uri.path()), Some(kept.set_cookie(&app))));
    }
    let Some(Mailed::Opened { token }) = kept.mailed else { return Ok(see_other("/sign-up")) };
    match registration::look(&app, &token).await? {
        Look::Open(joining) => Ok(show(&app, &visit, &joining, Typed::default())),
        other => Ok(dead(&app, &visit, &uri, &other)),
    }
}

/// Makes the account. It does not sign in: whoever must have a second factor sets it up at the sign-in, as everybody does.
///
/// # Errors
/// A page: posted by another site, no hash thread; the store.
pub async fn post(State(app): State<App>, visit: Visit, uri: Uri, StrictForm(posted): StrictForm) -> Result<Response, PageError> {
    let posted = posted.map_err(form::unreadable)?;
    let trust = browser::check(&app, &visit, &posted)?;
    let Some(Mailed::Opened { token }) = Kept::of(&app, &visit).mailed else { return Ok(see_other("/sign-up")) };
    let joining = match registration::look(&app, &token).await? {
        Look::Open(joining) => joining,
        other => return Ok(dead(&app, &visit, &uri, &other)),
    };
    let typed = Typed { name: posted.get("name").map(str::to_owned), refreshed: trust == Trust::Stale, error: None };
    if typed.refreshed {
        return Ok(show(&app, &visit, &joining, typed));
    }
    let password = match NewPassword::read(&posted).check(&app, &rules(&app, &joining, typed.name.as_deref())).await {
        Ok(password) => password,
        Err(error) => return Ok(show(&app, &visit, &joining, Typed { error: Some(error), ..typed })),
    };
    let hash = app.passwords.hash(password).await;
    let hash = hash.map_err(|busy| PageError::because(ErrorKind::Busy { retry_after: 1 }, busy))?;
    let name = typed.name.unwrap_or_default();
    if !registration::create(&app, &visit, &joining, &name, hash, locale(&visit, &joining)).await? {
        return Ok(dead(&app, &visit, &uri, &Look::Used));
    }
    new_credentials::sign_in(&app, &visit, joining.flow.as_deref(), &joining.email, "account_created").await
}

fn locale(visit: &Visit, joining: &Joining) -> Locale {
    visit.locale_for(joining.locale.as_deref())
}

/// What the password must be: nothing is known of the person but what they typed.
fn rules(app: &App, joining: &Joining, name: Option<&str>) -> Context {
    let profile = Profile { name: name.map(str::to_owned).or_else(|| joining.name.clone()), ..Profile::default() };
    Context::of_service(&app.config).under(&joining.policy).email(&joining.email).profile(&profile)
}

/// What the form brought.
#[derive(Default)]
struct Typed {
    name: Option<String>,
    error: Option<PasswordError>,
    refreshed: bool,
}

fn show(app: &App, visit: &Visit, joining: &Joining, typed: Typed) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let status = if typed.error.is_some() || typed.refreshed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = JoinPage {
        csrf_token: csrf::token(&app.sealer, &browser),
        path: if joining.invited { "/invitation" } else { "/sign-up/finish" }.to_owned(),
        email: joining.email.clone(),
        name: typed.name.or_else(|| joining.name.clone()).unwrap_or_default(),
        organization: joining.organization_name.clone(),
        min_length: rules(app, joining, None).min_length(),
        error: typed.error,
        refreshed: typed.refreshed,
    };
    with_cookie(app.pages.render_with_status(status, visit, locale(visit, joining), &page), set_cookie)
}

fn dead(app: &App, visit: &Visit, uri: &Uri, look: &Look) -> Response {
    let why = match look {
        Look::Used => DeadLink::Used,
        Look::Expired => DeadLink::Expired,
        Look::Unknown | Look::Open(_) => DeadLink::Unknown,
    };
    let page = JoinDeadPage { why, invited: uri.path() == "/invitation" };
    app.pages.render_with_status(StatusCode::GONE, visit, visit.locale_for(None), &page)
}
