//! `/logout`: RP-Initiated Logout 1.0, by GET and POST.
//!
//! Owns: the check of a logout request, the question, the page afterwards. Must not: end a session of somebody who was neither named by an
//! ID token of ours nor asked; send anybody to an address that is not registered.
//!
//! Routes: `GET /logout` [`get`], `POST /logout` [`post`], `POST /logout/confirm` [`confirm::post`], `GET /logged-out` [`done::get`].

pub mod confirm;
mod decision;
pub mod done;
mod request;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use decision::Step;
use request::{Demand, Voucher};

use crate::app::App;
use crate::secret::Purpose;
use crate::session::{self, pending};
use crate::store;
use crate::store::sessions::{self, Session};
use crate::tokens::id_token::Hint;
use crate::web::cookies::{Cookie, with_cookie};
use crate::web::{ErrorKind, PageError, Params, ParamsError, StrictForm, StrictQuery, Visit};

/// The parameter that carries a request which came by POST.
const POSTED: &str = "posted";
/// Of its value: what is longer does not fit into a query ([`Params`]) and is refused where it can still be said.
const LONGEST: usize = 8000;

/// What travels sealed between the steps; the kinds share a key and are told apart by their tag.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Sealed {
    /// A request that came by POST, and what its `id_token_hint` said: the token itself may be longer than a URL.
    Posted {
        request: String,
        voucher: Voucher,
    },
    Question(Question),
    Done(Done),
}

/// What the person is asked, and where they go when they say yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Question {
    /// The session the page was shown for.
    session: Uuid,
    /// Digest of the flow cookie.
    browser: String,
    outcome: Outcome,
}

/// Where a logout leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Outcome {
    /// The registered `post_logout_redirect_uri` with the state.
    target: Option<String>,
    /// One was sent that is not registered.
    not_returned: bool,
    ui_locales: Option<String>,
}

/// What the page afterwards says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    applications: Vec<String>,
    not_returned: bool,
    ui_locales: Option<String>,
}

/// RP-Initiated Logout §2.
///
/// # Errors
/// A page for malformed parameters; the store's.
pub async fn get(State(app): State<App>, visit: Visit, StrictQuery(query): StrictQuery) -> Result<Response, PageError> {
    let (params, voucher) = unwrap_posted(&app, query.map_err(|error| malformed(&error))?)?;
    let demand = Demand::resolve(&app, &params, voucher).await?;
    let current = session::current(&app, &visit).await?;
    match decision::decide(&demand, current.as_ref()) {
        Step::End(outcome) => {
            let told = match &current {
                Some(current) => session::end(&app, &current.session, &session::origin(&visit)).await?,
                None => Vec::new(),
            };
            finish(&app, &visit, outcome, told).await
        }
        Step::Finish(outcome) => {
            let told = end_forgotten(&app, &visit, &demand).await?;
            finish(&app, &visit, outcome, told).await
        }
        Step::Ask(outcome) => match current {
            Some(current) => Ok(confirm::ask(&app, &visit, &current, &demand, outcome)),
            None => finish(&app, &visit, Outcome { target: None, ..outcome }, Vec::new()).await,
        },
    }
}

/// The session that a valid hint speaks of, if nobody ended it but it went unused for too long: its applications may still have sessions of their
/// own, and the person wants out of all of them.
async fn end_forgotten(app: &App, visit: &Visit, demand: &Demand) -> store::Result<Vec<String>> {
    let Voucher::Valid(Hint { user_id, session_id: Some(id), .. }) = &demand.voucher else { return Ok(Vec::new()) };
    let session = sessions::find(&app.store.read(), *id).await?;
    let idle = |session: &Session| app.now().since(session.last_seen_at) >= session.idle_within(app.config.session.idle.0);
    match session.filter(|session| session.user_id == *user_id && session.ended_at.is_none() && idle(session)) {
        Some(session) => session::end(app, &session, &session::origin(visit)).await,
        None => Ok(Vec::new()),
    }
}

/// A form posted from an application's page comes without our `SameSite=Lax` cookie: the browser is sent to the GET, which has it.
///
/// # Errors
/// A page for malformed parameters.
pub async fn post(State(app): State<App>, StrictForm(form): StrictForm) -> Result<Response, PageError> {
    let form = form.map_err(|error| malformed(&error))?;
    let sealed = seal(&app, &Sealed::Posted { request: request::known(&form), voucher: request::voucher(&app, &form) });
    if sealed.len() > LONGEST {
        return Err(malformed(&ParamsError::TooLong));
    }
    Ok(Redirect::to(&format!("/logout?{POSTED}={sealed}")).into_response())
}

/// The request, and who vouches for it.
fn unwrap_posted(app: &App, query: Params) -> Result<(Params, Voucher), PageError> {
    let Some(sealed) = query.get(POSTED) else {
        let voucher = request::voucher(app, &query);
        return Ok((query, voucher));
    };
    match app.sealer.open(Purpose::Logout, sealed, app.now()) {
        Ok(Sealed::Posted { request, voucher }) => Ok((Params::parse(&request).map_err(|error| malformed(&error))?, voucher)),
        // Somebody kept the page open, or a link to it: they want to log out, but nobody vouches for the rest any more.
        Err(crate::secret::OpenError::Expired(Sealed::Posted { .. })) => Ok((Params::default(), Voucher::Absent)),
        _ => Err(PageError::new(ErrorKind::BadRequest)),
    }
}

fn seal(app: &App, value: &Sealed) -> String {
    app.sealer.seal(Purpose::Logout, value, app.now().plus(app.config.session.flow_ttl.0))
}

/// To the application, or to our own page; without the session and without a half-done sign-in in either case.
async fn finish(app: &App, visit: &Visit, outcome: Outcome, applications: Vec<String>) -> Result<Response, PageError> {
    let pending = pending::give_up(app, visit).await?;
    let location = outcome.target.unwrap_or_else(|| {
        let done = Done { applications, not_returned: outcome.not_returned, ui_locales: outcome.ui_locales };
        done::path(app, done)
    });
    let response = with_cookie(Redirect::to(&location).into_response(), Some(Cookie::Session.remove(&app.issuer)));
    Ok(with_cookie(response, pending))
}

fn malformed(error: &ParamsError) -> PageError {
    PageError::new(ErrorKind::Application {
        error: "invalid_request",
        parameter: "request",
        received: None,
        rule: error.to_string(),
        difference: None,
        client_name: None,
    })
}
