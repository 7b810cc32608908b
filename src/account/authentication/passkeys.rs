//! `/account/authentication/passkeys`: the list, and adding one.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::scene;
use crate::account::confirm::{Detour, Then, proven};
use crate::account::console::locale;
use crate::app::App;
use crate::mfa::enrolment::Bound;
use crate::mfa::passkey::{self, Answer, MOST, Registered};
use crate::organization;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current, Proofs, SecondFactorProof, Start};
use crate::store::passkeys::{self, Passkey};
use crate::store::sessions::Session;
use crate::store::user_security;
use crate::store::users::User;
use crate::web::cookies::with_cookie;
use crate::web::pages::views::passkeys::{CeremonyView, PasskeyError, PasskeyView, PasskeysDone, PasskeysPage};
use crate::web::{ErrorKind, PageError, StrictForm, Visit, csrf};

/// The passkeys there are, and the form for another.
///
/// # Errors
/// A detour: not signed in, or not recently; the store's.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Detour> {
    let (current, _) = proven(&app, &visit, Then::Passkeys).await?;
    let done = PasskeysDone::read(query.as_deref().unwrap_or_default());
    render(&app, &visit, &current, (StatusCode::OK, done, None)).await
}

/// Adds the one that the browser has made.
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = proven(&app, &visit, Then::Passkeys).await?;
    let again = async |error| render(&app, &visit, &current, (StatusCode::UNPROCESSABLE_ENTITY, None, error)).await;
    if trust == Trust::Stale {
        return again(Some(PasskeyError::Stale)).await;
    }
    let Some(answer) = Answer::of(&form) else { return again(Some(PasskeyError::Missing)).await };
    let name = form.get("name").and_then(passkey::name).unwrap_or_else(|| default_name(&visit));
    let bound = (Bound::Session(current.session.id), browser::cookie(&app, &visit));
    let error = match passkey::register(&scene(&app, &visit, &current), bound, answer, name).await? {
        Registered::Added { epoch, proof, recovery_codes } => {
            return added(&app, &visit, &current, (epoch, proof, recovery_codes)).await;
        }
        Registered::Gone => return Ok(Redirect::to(Then::Passkeys.path()).into_response()),
        Registered::Refused => PasskeyError::Refused,
        Registered::Stale => PasskeyError::Stale,
        Registered::Known => PasskeyError::Known,
        Registered::TooMany => PasskeyError::TooMany,
        Registered::NotAllowed => PasskeyError::NotAllowed,
        Registered::Frozen => PasskeyError::Frozen,
    };
    again(Some(error)).await
}

/// This session goes on, now with a second factor and under a new cookie.
async fn added(
    app: &App,
    visit: &Visit,
    current: &Current,
    (epoch, proof, recovery_codes): (i64, SecondFactorProof, bool),
) -> Result<Response, Detour> {
    let user = User { auth_epoch: epoch, ..current.user.clone() };
    let session = Session { epoch, ..current.session.clone() };
    let to = if recovery_codes { Then::RecoveryCodes.path().to_owned() } else { PasskeysDone::Added.path() };
    match session::start(app, visit, &user, Proofs::session(&session, proof), &session::origin(visit)).await? {
        Start::Begun(started) => Ok(with_cookie(Redirect::to(&to).into_response(), Some(started.set_cookie))),
        Start::Gone | Start::SecondFactorMissing(_) => Err(Detour::To(Then::Passkeys.login_path())),
    }
}

fn default_name(visit: &Visit) -> String {
    visit.device().unwrap_or_else(|| "Passkey".to_owned())
}

/// The page, with a word about what was done or why it was not.
pub(super) async fn render(
    app: &App,
    visit: &Visit,
    current: &Current,
    (status, done, error): (StatusCode, Option<PasskeysDone>, Option<PasskeyError>),
) -> Result<Response, Detour> {
    let (read, user) = (app.store.read(), &current.user);
    let theirs = passkeys::list(&read, user.id).await?;
    let frozen = user_security::find(&read, user.id).await?.frozen_at.is_some();
    let forbidden = !organization::policy(&read, &app.config, user.id).await?.passkeys;
    let full = u64::try_from(theirs.len()).is_ok_and(|there| there >= MOST);
    let (browser, set_cookie) = browser::binding(app, visit);
    let ceremony = if frozen || forbidden || full {
        None
    } else {
        passkey::ask_to_register(app, &browser, Bound::Session(current.session.id), user).await?
    };
    let page = PasskeysPage {
        csrf_token: csrf::token(&app.sealer, &browser),
        passkeys: theirs.iter().map(view).collect(),
        ceremony: ceremony.map(|ceremony| CeremonyView { options: ceremony.options, state: ceremony.state }),
        full,
        forbidden,
        frozen,
        name: default_name(visit),
        done,
        error,
    };
    Ok(with_cookie(app.pages.render_with_status(status, visit, locale(visit, current), &page), set_cookie))
}

fn view(passkey: &Passkey) -> PasskeyView {
    PasskeyView {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        created_at: passkey.created_at.secs(),
        last_used_at: passkey.last_used_at.map(crate::clock::Timestamp::secs),
        backed_up: passkey.backed_up,
        alone: passkey.alone,
    }
}
