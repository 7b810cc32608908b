//! `/setup`: the one-time link that makes the first administrator.
//!
//! The link is printed where the operator started the service, and is no password: it is sealed, lasts a day, works once, and only while
//! nobody may administer the service. Looking at the page spends nothing, because mail scanners and chat previews look at links.
//!
//! Routes: `GET /setup` [`get`], `POST /setup` [`post`].

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::email;
use super::password::{Context, check_new};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::secret::{self, Purpose, Secret};
use crate::session::browser::{self, Trust};
use crate::session::{self};
use crate::store::users::{self, Profile, User};
use crate::store::{self, Conn, locks, spent};
use crate::web::pages::views::password::PasswordProblem;
use crate::web::pages::views::{SetupError, SetupPage};
use crate::web::{ErrorKind, PageError, Params, StrictForm, StrictQuery, Visit, csrf};

const LIFETIME: Duration = Duration::from_hours(24);

/// Two links used at once still make one administrator: the one that has this lease.
const LOCK: &str = "setup";
const LOCK_LEASE: Duration = Duration::from_secs(10);

/// Longest name accepted, in code points.
const MAX_NAME: usize = 200;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Link {
    id: Uuid,
}

/// The one-time link, as an absolute URL; `None` when there is an administrator. Every call makes another one; with the first that is used, all
/// are worthless.
///
/// # Errors
/// The store's.
pub async fn link(app: &App) -> store::Result<Option<String>> {
    if users::any_administrator(&app.store.read()).await? {
        return Ok(None);
    }
    let token = app.sealer.seal(Purpose::Setup, &Link { id: secret::random_id() }, app.now().plus(LIFETIME));
    Ok(Some(app.issuer.url(&format!("/setup?token={token}"))))
}

/// The form.
///
/// # Errors
/// `Expired` for a link that is too old or was used; `BadRequest` for one that is not ours.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let query = query.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let form = Form::read(&query);
    open(&app, &form.token).await?;
    Ok(render(&app, &visit, StatusCode::OK, form, Mistakes::default()))
}

/// Makes the administrator.
///
/// # Errors
/// As [`get`]; `Forbidden` for a form from another site; `Busy` without a hash thread; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(params): StrictForm) -> Result<Response, PageError> {
    let params = params.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &params)?;
    let form = Form::read(&params);
    let link = open(&app, &form.token).await?;
    if trust == Trust::Stale {
        return Ok(render(&app, &visit, StatusCode::UNPROCESSABLE_ENTITY, form, Mistakes::default()));
    }
    let address = match form.check(&app).await {
        Ok(address) => address,
        Err(mistakes) => return Ok(render(&app, &visit, StatusCode::UNPROCESSABLE_ENTITY, form, mistakes)),
    };
    let hash = app.passwords.hash(form.password.clone()).await;
    let hash = hash.map_err(|busy| PageError::because(ErrorKind::Busy { retry_after: 1 }, busy))?;
    let creation = Creation::new(link, administrator(address, &form.name, hash, app.now()), &visit, app.now());
    match create(&app, creation).await {
        Ok(true) => Ok(Redirect::to("/login?notice=setup_done").into_response()),
        Ok(false) => Err(used("the link was used at the same moment")),
        Err(store::Error::Conflict) => {
            Ok(render(&app, &visit, StatusCode::CONFLICT, form, Mistakes { email: Some(SetupError::EmailTaken), ..Mistakes::default() }))
        }
        Err(error) => Err(error.into()),
    }
}

/// The link behind a token, if it can still be used.
async fn open(app: &App, token: &str) -> Result<Link, PageError> {
    let link: Link = app.sealer.open(Purpose::Setup, token, app.now()).map_err(|error| match error {
        secret::OpenError::Expired(_) => used("the link is older than a day"),
        secret::OpenError::Invalid => PageError::because(ErrorKind::BadRequest, "not a set-up link of this service"),
    })?;
    let read = app.store.read();
    if spent::find(&read, spent::Kind::Setup, &link.id.to_string()).await? {
        return Err(used("the link was used"));
    }
    if users::any_administrator(&read).await? {
        return Err(used("there is an administrator"));
    }
    Ok(link)
}

fn used(cause: &str) -> PageError {
    PageError::because(ErrorKind::Expired { restart: None }, cause)
}

/// What was typed.
struct Form {
    token: String,
    email: String,
    name: String,
    password: Secret<String>,
    confirmation: Secret<String>,
}

impl Form {
    fn read(params: &Params) -> Self {
        let text = |name: &str| params.get(name).unwrap_or_default().to_owned();
        Self {
            token: text("token"),
            email: text("email"),
            name: text("name").trim().to_owned(),
            password: Secret::new(text("new_password")),
            confirmation: Secret::new(text("new_password_confirmation")),
        }
    }

    /// The canonical address, or everything that is wrong.
    async fn check(&self, app: &App) -> Result<String, Mistakes> {
        let address = email::canonical(&self.email);
        let name = Profile { name: Some(self.name.clone()), ..Profile::default() };
        let context = Context::of_service(&app.config).email(&self.email).profile(&name);
        let problem = check_new(app, &self.password, &context).await.err().map(PasswordProblem::from);
        let mismatch = problem.is_none() && self.password.expose() != self.confirmation.expose();
        match address {
            Some(address) if problem.is_none() && !mismatch => Ok(address),
            address => Err(Mistakes { email: address.is_none().then_some(SetupError::Email), password: problem, mismatch }),
        }
    }
}

/// Everything that is wrong with the form.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mistakes {
    email: Option<SetupError>,
    password: Option<PasswordProblem>,
    mismatch: bool,
}

fn administrator(email: String, name: &str, password_hash: String, now: Timestamp) -> User {
    let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    User {
        id: secret::random_id(),
        email,
        email_verified: false,
        profile: Profile { name: Some(name).filter(|name| !name.is_empty()), ..Profile::default() },
        password_hash: Some(password_hash),
        enabled: true,
        suspended: false,
        administrator: true,
        auth_epoch: 0,
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
    }
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Creation {
    link: Link,
    user: User,
    event: Event,
    now: Timestamp,
}

impl Creation {
    fn new(link: Link, user: User, visit: &Visit, now: Timestamp) -> Self {
        Self { link, event: Event::new(Kind::AdministratorCreated, &session::origin(visit)).user(user.id), user, now }
    }

    /// Whether this link, and no other, made the administrator.
    async fn run(&self, conn: &Conn<'_>) -> store::Result<bool> {
        let id = self.link.id.to_string();
        if !locks::redeem(conn, LOCK, &id, self.now, LOCK_LEASE).await? || users::any_administrator(conn).await? {
            return Ok(false);
        }
        if !spent::redeem(conn, spent::Kind::Setup, &id, self.now.plus(LIFETIME)).await? {
            return Ok(false);
        }
        users::insert(conn, &self.user).await?;
        audit::record(conn, &self.event, self.now).await?;
        Ok(true)
    }
}

async fn create(app: &App, creation: Creation) -> store::Result<bool> {
    app.store
        .write(move |conn| {
            let creation = creation.clone();
            Box::pin(async move { creation.run(conn).await })
        })
        .await
}

fn render(app: &App, visit: &Visit, status: StatusCode, form: Form, mistakes: Mistakes) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = SetupPage {
        token: form.token,
        csrf_token: csrf::token(&app.sealer, &browser),
        email: form.email,
        name: form.name,
        min_length: app.config.password.min_length,
        error: mistakes.email,
        problem: mistakes.password,
        mismatch: mistakes.mismatch,
    };
    let mut response = app.pages.render_with_status(status, visit, visit.locale_for(None), &page);
    if let Some(cookie) = set_cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_optional_and_without_control_characters() {
        let user = |name| administrator("ada@example.com".to_owned(), name, "hash".to_owned(), Timestamp::default());
        assert_eq!(user("").profile.name, None);
        assert_eq!(user("Ada\u{7}\nL").profile.name.as_deref(), Some("AdaL"));
        assert!(user("Ada").administrator && user("Ada").enabled && !user("Ada").email_verified);
    }
}
