//! `/account/password`: "Change password".
//!
//! Routes: `GET /account/password` [`get`], `POST /account/password` [`post`], `GET /.well-known/change-password` [`well_known`].

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderValue, StatusCode};

use super::{locale, show};
use crate::account::confirm::{Detour, Then, proven};
use crate::account::password::{Context, Verdict, check_new};
use crate::account::{not_me, notice};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::mail::{self, Message};
use crate::secret::Secret;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current, Rotation};
use crate::store::mails::{self, Mail};
use crate::store::user_security::{self, Security};
use crate::store::{self, Conn, users};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::account::{Done, PasswordPage};
use crate::web::pages::views::password::PasswordProblem;
use crate::web::{ErrorKind, PageError, Params, StrictForm, Visit};

/// Where password managers send people (W3C, A Well-Known URL for Changing Passwords).
pub async fn well_known() -> Response {
    Redirect::to(Then::Password.path()).into_response()
}

/// The form.
///
/// # Errors
/// A detour: not signed in, or not recently; the store's.
pub async fn get(State(app): State<App>, visit: Visit) -> Result<Response, Detour> {
    let desk = Desk::open(&app, &visit).await?;
    Ok(desk.show(&app, &visit, StatusCode::OK, Form { log_out_others: true, ..Form::default() }))
}

/// Changes it.
///
/// # Errors
/// As [`get`]; a form from another site; no hash thread.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let desk = Desk::open(&app, &visit).await?;
    let log_out_others = form.get("log_out_others").is_some();
    if trust == Trust::Stale || desk.security.frozen_at.is_some() {
        return Ok(desk.show(&app, &visit, StatusCode::UNPROCESSABLE_ENTITY, Form { log_out_others, ..Form::default() }));
    }
    match desk.new_hash(&app, &form).await? {
        Ok(hash) => {
            let cookie = desk.change(&app, &visit, hash, log_out_others).await?;
            Ok(with_cookie(Redirect::to(&Done::PasswordChanged.on("/account")).into_response(), Some(cookie)))
        }
        Err(mistakes) => Ok(desk.show(&app, &visit, StatusCode::UNPROCESSABLE_ENTITY, Form { log_out_others, ..mistakes })),
    }
}

/// The form's state and what is wrong with it.
#[derive(Default)]
struct Form {
    log_out_others: bool,
    problem: Option<PasswordProblem>,
    mismatch: bool,
}

impl From<PasswordProblem> for Form {
    fn from(problem: PasswordProblem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }
}

/// The person and what holds for their password.
struct Desk {
    current: Current,
    security: Security,
    context: Context,
}

impl Desk {
    async fn open(app: &App, visit: &Visit) -> Result<Self, Detour> {
        let (current, factors) = proven(app, visit, Then::Password).await?;
        let read = app.store.read();
        let security = user_security::find(&read, current.user.id).await?;
        let context = Context::of_service(&app.config).under(&factors.policy).email(&current.user.email).profile(&current.user.profile);
        Ok(Self { current, security, context })
    }

    fn show(&self, app: &App, visit: &Visit, status: StatusCode, form: Form) -> Response {
        show(app, visit, &self.current, status, |csrf_token| PasswordPage {
            csrf_token,
            email: self.current.user.email.clone(),
            min_length: self.context.min_length(),
            log_out_others: form.log_out_others,
            frozen: self.security.frozen_at.is_some(),
            problem: form.problem,
            mismatch: form.mismatch,
        })
    }

    /// The hash of the password typed, or what is wrong with it.
    async fn new_hash(&self, app: &App, form: &Params) -> Result<Result<String, Form>, Detour> {
        let text = |name: &str| Secret::new(form.get(name).unwrap_or_default().to_owned());
        let (password, confirmation) = (text("new_password"), text("new_password_confirmation"));
        if let Err(problem) = check_new(app, &password, &self.context).await {
            return Ok(Err(PasswordProblem::from(problem).into()));
        }
        if password.expose() != confirmation.expose() {
            return Ok(Err(Form { mismatch: true, ..Form::default() }));
        }
        let busy = |busy| PageError::because(ErrorKind::Busy { retry_after: 2 }, busy);
        let old = app.passwords.verify(password.clone(), self.current.user.password_hash.clone()).await.map_err(busy)?;
        if old != Verdict::Wrong {
            return Ok(Err(PasswordProblem::SameAsOld.into()));
        }
        Ok(Ok(app.passwords.hash(password).await.map_err(busy)?))
    }

    /// The cookie under which this session goes on.
    async fn change(&self, app: &App, visit: &Visit, hash: String, log_out_others: bool) -> Result<HeaderValue, Detour> {
        let now = app.now();
        let user = &self.current.user;
        let message = Message::PasswordChanged { place: notice::place(visit, now), not_me: not_me::link(app, user, now) };
        let event = Event::new(Kind::PasswordChanged, &session::origin(visit)).user(user.id).session(self.current.session.id);
        let change = Change {
            hash,
            log_out_others,
            rotation: Rotation::of(app, &self.current.session),
            mail: mail::prepare(app, &notice::recipient(user, locale(visit, &self.current)), &message, now),
            event: event.detail("others_ended", log_out_others),
            now,
        };
        let cookie = change.rotation.set_cookie();
        let user_id = user.id;
        let changed = app
            .store
            .write(move |conn| {
                let change = change.clone();
                Box::pin(async move { change.run(conn, user_id).await })
            })
            .await?;
        if !changed {
            return Err(Detour::To(Then::Password.path().to_owned()));
        }
        app.mail_waiting.notify_one();
        app.logout_waiting.notify_one();
        Ok(cookie)
    }
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Change {
    hash: String,
    log_out_others: bool,
    rotation: Rotation,
    mail: Mail,
    event: Event,
    now: Timestamp,
}

impl Change {
    /// Whether it was done: "This wasn't me" may have come first.
    async fn run(&self, conn: &Conn<'_>, user_id: uuid::Uuid) -> store::Result<bool> {
        let security = user_security::find(conn, user_id).await?;
        if security.frozen_at.is_some() {
            return Ok(false);
        }
        users::update_password(conn, user_id, &self.hash, self.now).await?;
        user_security::update(conn, user_id, &security, &Security { password_changed_at: Some(self.now), ..security }).await?;
        if self.log_out_others {
            self.rotation.keep_within(conn, "password_changed", self.now).await?;
        } else {
            self.rotation.keep_with_others_within(conn).await?;
        }
        mails::insert(conn, &self.mail).await?;
        audit::record(conn, &self.event, self.now).await?;
        Ok(true)
    }
}
