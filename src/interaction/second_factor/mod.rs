//! The second factor on the way to a session: after the right password (a pending sign-in), or on top of a live session that is not enough for what
//! was asked (RFC 9470).
//!
//! Routes: `/login/code` (authenticator app), `/login/passkey`, `/login/recovery-code`, `/login/email-code`, `/login/enroll` and
//! `/login/enroll/passkey` (required, and there is none), `/login/recovery-codes` (shown once after that). Each asks again who is here and what is missing, so that no order of pages skips anything:
//! whoever has nothing to give is sent on, whoever has proved nothing is sent to `/login`.

pub mod code;
pub mod email;
pub mod enroll;
pub mod enroll_passkey;
pub mod passkey;
pub mod recovery;
pub mod recovery_codes;

use std::time::Duration;

use axum::response::Response;
use http::{HeaderValue, StatusCode};

use super::flow::{self, Flow};
use super::form::see_other;
use super::known_accounts;
use super::place::Place;
use super::step::Wanted;
use crate::account::confirm::Then;
use crate::account::known_device;
use crate::app::App;
use crate::clock::Timestamp;
use crate::mfa::attempts::Blocked;
use crate::mfa::enrolment::Bound;
use crate::mfa::verify::Refusal;
use crate::mfa::{Scene, Unreadable, email_code, trusted_device};
use crate::organization;
use crate::session::pending::{self, Pending};
use crate::session::{self, Current, Factors, Proofs, SecondFactorProof, Start};
use crate::store;
use crate::store::sessions::Session;
use crate::store::users::User;
use crate::web::cookies::{Cookie, with_cookie};
use crate::web::pages::views::ClientView;
use crate::web::pages::views::second_factor::CodeError;
use crate::web::{ErrorKind, Page, PageError, Visit, Wait};

const CODE: &str = "/login/code";
const PASSKEY: &str = "/login/passkey";
const EMAIL: &str = "/login/email-code";
const ENROLL: &str = "/login/enroll";

/// What the second factor is to come on top of.
enum Standing {
    Pending(Pending),
    Session(Box<Session>),
}

/// Somebody who has one factor to their name.
struct Guest {
    standing: Standing,
    user: User,
    factors: Factors,
}

impl Guest {
    const fn pending(&self) -> Option<&Pending> {
        match &self.standing {
            Standing::Pending(pending) => Some(pending),
            Standing::Session(_) => None,
        }
    }

    fn bound(&self) -> Bound {
        match &self.standing {
            Standing::Pending(pending) => Bound::PendingSignIn(pending.row().id),
            Standing::Session(session) => Bound::Session(session.id),
        }
    }

    /// Codes by mail are for pending sign-ins. Where NIST's second level is asked they are not enough, but they are asked for first: who has a second
    /// factor gives it before another one is set up.
    const fn may_use_email(&self) -> bool {
        self.factors.email && self.pending().is_some()
    }

    /// The page that asks for what this person has.
    const fn page(&self) -> &'static str {
        if self.factors.totp {
            CODE
        } else if self.factors.passkeys {
            PASSKEY
        } else if self.may_use_email() {
            EMAIL
        } else {
            ENROLL
        }
    }

    /// Whether this is somebody who has proved a short while ago, with all they have, that it is them: a browser that was left open must not get
    /// somebody else's second factor (OWASP ASVS 5 §7.5.1).
    fn is_fresh(&self, app: &App) -> bool {
        let Standing::Session(session) = &self.standing else { return true };
        let is_young = |at: Timestamp| app.now().is_within(app.config.session.reauthentication_window.0, at);
        is_young(session.auth_time) && (!self.factors.email || session.second_factor_at.is_some_and(is_young))
    }

    /// Where it goes on afterwards.
    fn path_after(&self, place: &Place<'_>) -> String {
        let named = self.pending().and_then(|pending| pending.row().leads_to.as_deref()).and_then(Then::named);
        match (place.sealed(), named) {
            (None, Some(then)) => then.path().to_owned(),
            _ => place.path_after(),
        }
    }

    fn proofs(&self, second: SecondFactorProof) -> Proofs {
        match &self.standing {
            Standing::Pending(pending) => Proofs::pending(pending, second),
            Standing::Session(session) => Proofs::session(session, second),
        }
    }

    /// The same, after their credentials were changed.
    fn in_epoch(self, epoch: i64) -> Self {
        let standing = match self.standing {
            Standing::Pending(pending) => Standing::Pending(pending.in_epoch(epoch)),
            Standing::Session(session) => Standing::Session(Box::new(Session { epoch, ..*session })),
        };
        Self { standing, user: User { auth_epoch: epoch, ..self.user }, ..self }
    }
}

/// Who comes to one of these pages.
enum Arrival {
    Guest(Box<Guest>),
    /// There is nothing to ask here.
    Elsewhere(Response),
}

/// Everybody who is not a guest is shown the way: on, when nothing is missing; back to the password, when nothing was proved.
async fn arrive(app: &App, visit: &Visit, place: &Place<'_>) -> Result<Arrival, PageError> {
    let (standing, user) = if let Some((pending, user)) = pending::find(app, visit).await? {
        (Standing::Pending(pending), user)
    } else {
        match session::current(app, visit).await? {
            Some(current) if place.asks_second_factor(&current) => (Standing::Session(Box::new(current.session)), current.user),
            Some(_) => return Ok(Arrival::Elsewhere(see_other(&place.path_after()))),
            None => return Ok(Arrival::Elsewhere(back_to_password(app, visit, place))),
        }
    };
    let factors = session::factors(&app.store.read(), &app.config, user.id).await?;
    Ok(Arrival::Guest(Box::new(Guest { standing, user, factors })))
}

/// To the password, which is asked for although there is a session.
fn prove_again(app: &App, visit: &Visit, place: &Place<'_>) -> Response {
    let Some(flow) = place.flow() else { return see_other("/login") };
    let wanted = Wanted { since: Some(app.now()), ..flow.wanted };
    let sealed = flow::seal(app, visit, &Flow { wanted, ..flow.clone() });
    with_cookie(see_other(&flow::page_path("/login", &sealed.value)), sealed.set_cookie)
}

/// A pending sign-in that is over leaves its cookie: then it is said what happened.
fn back_to_password(app: &App, visit: &Visit, place: &Place<'_>) -> Response {
    if visit.cookie(Cookie::PendingSignIn.name(&app.issuer)).is_none() {
        return see_other(&place.page("/login"));
    }
    with_cookie(see_other(&place.login_with("code_expired")), Some(pending::forget(app)))
}

/// After the right password of somebody who has a second factor, or must have one: a pending sign-in, and the page that asks. To those who have codes
/// by mail alone, one is sent at once.
pub(super) async fn begin(app: &App, visit: &Visit, place: &Place<'_>, user: &User, proofs: &Proofs) -> Result<Response, PageError> {
    let (pending, cookie) = pending::begin(app, user, proofs, place.then()).await?;
    let factors = session::factors(&app.store.read(), &app.config, user.id).await?;
    let guest = Guest { standing: Standing::Pending(pending), user: user.clone(), factors };
    let page = guest.page();
    if page == EMAIL
        && let Some(pending) = guest.pending()
    {
        let scene = scene(app, visit, place, &guest.user).await?;
        email_code::send(&scene, pending.row()).await?;
    }
    Ok(with_cookie(see_other(&place.page(page)), Some(cookie)))
}

/// Whether this session's person must have a second factor and has given none in it, on a device that they have not trusted: asked wherever a code is
/// minted, so that a policy holds for sessions that are older than it.
///
/// # Errors
/// The store's.
pub async fn is_owed(app: &App, visit: &Visit, current: &Current) -> store::Result<bool> {
    let Current { session, user } = current;
    if session.second_factor_at.is_some() {
        return Ok(false);
    }
    let policy = organization::policy(&app.store.read(), &app.config, user.id).await?;
    Ok(policy.second_factor_required && trusted_device::witness(app, visit, user).await?.is_none())
}

/// The circumstances, for mails and events.
async fn scene(app: &App, visit: &Visit, place: &Place<'_>, user: &User) -> Result<Scene, PageError> {
    let application = client(app, place).await?.map(|client| client.name);
    Ok(Scene::of(app, visit, user, place.locale(visit), application))
}

async fn client(app: &App, place: &Place<'_>) -> Result<Option<ClientView>, PageError> {
    Ok(match place.flow() {
        Some(flow) => flow.client_view(app).await?,
        None => None,
    })
}

/// The second factor was given: the session begins, and the way goes on to `to`. `more`: another cookie to set.
async fn finish(
    (app, visit, place): (&App, &Visit, &Place<'_>),
    guest: &Guest,
    proof: SecondFactorProof,
    (to, more): (String, Option<HeaderValue>),
) -> Result<Response, PageError> {
    match session::start(app, visit, &guest.user, guest.proofs(proof), &session::origin(visit)).await? {
        Start::Begun(started) => {
            let response = with_cookie(see_other(&to), Some(started.set_cookie));
            let response = with_cookie(with_cookie(response, started.remove_pending), more);
            let accounts = known_accounts::remember(app, visit, guest.user.id);
            // A session that only got a second factor on top was greeted when it began.
            let device = match guest.pending() {
                Some(_) => Some(known_device::greet(app, visit, &guest.user, &started.session).await),
                None => None,
            };
            Ok(with_cookie(with_cookie(response, Some(accounts)), device))
        }
        // Used in another tab a moment ago, or over.
        Start::Gone => Ok(with_cookie(see_other(&place.page("/login")), guest.pending().map(|_| pending::forget(app)))),
        Start::SecondFactorMissing(_) => Err(PageError::because(ErrorKind::Internal, "a second factor is missing although it was given")),
    }
}

/// What a refused try says.
fn refused(why: Refusal) -> CodeError {
    match why {
        Refusal::Wrong => CodeError::Wrong,
        Refusal::Used { seconds } => CodeError::Used { seconds },
        Refusal::Drifting => CodeError::Drifting,
    }
}

fn unreadable(why: Unreadable) -> CodeError {
    match why {
        Unreadable::Missing => CodeError::Missing,
        Unreadable::Format => CodeError::Format,
    }
}

fn seconds_of(blocked: Blocked) -> u64 {
    u64::try_from(blocked.wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// The seconds to wait, and what the page says of it.
fn blocked(blocked: Blocked) -> (u64, CodeError) {
    let seconds = seconds_of(blocked);
    let error = if blocked.at_ceiling { CodeError::Ceiling } else { CodeError::Blocked { wait: Wait::of(seconds) } };
    (seconds, error)
}

/// Whether a mail that lifts the pause is worth more than waiting.
fn may_be_lifted(blocked: Blocked) -> bool {
    blocked.at_ceiling || blocked.wait > Duration::from_mins(2)
}

/// Too many wrong codes in this sign-in: from the password again.
fn over(app: &App, place: &Place<'_>) -> Response {
    with_cookie(see_other(&place.login_with("code_failed")), Some(pending::forget(app)))
}

/// The page, with the status that fits what it says: 422 for what can be corrected, 429 with `Retry-After` for what needs patience.
fn render<P: Page>(
    (app, visit, place): (&App, &Visit, &Place<'_>),
    page: &P,
    (error, wait): (Option<&CodeError>, Option<u64>),
    cookie: Option<HeaderValue>,
) -> Response {
    let status = match (error, wait) {
        (_, Some(_)) => StatusCode::TOO_MANY_REQUESTS,
        (Some(_), None) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, None) => StatusCode::OK,
    };
    let mut response = app.pages.render_with_status(status, visit, place.locale(visit), page);
    if let Some(seconds) = wait {
        response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    with_cookie(response, cookie)
}

fn return_origin(place: &Place<'_>) -> Option<String> {
    place.flow().and_then(Flow::return_origin)
}
