//! A passkey instead of the password: in a session there already is, it is both factors in one.

use http::HeaderValue;

use crate::account::console;
use crate::app::App;
use crate::mfa::Scene;
use crate::mfa::enrolment::Bound;
use crate::mfa::passkey::{self, Answer};
use crate::mfa::verify::Verdict;
use crate::session::{self, Current, Proofs, SecondFactorProof, Start, browser};
use crate::store;
use crate::web::Visit;
use crate::web::pages::views::passkeys::{CeremonyView, PasskeyError};

/// What a page asks the browser for, when the person has passkeys. `browser`: the flow cookie's value.
///
/// # Errors
/// The store's.
pub async fn offer(app: &App, browser: &str, current: &Current) -> store::Result<Option<CeremonyView>> {
    let ceremony = passkey::ask_of(app, browser, Bound::Session(current.session.id), current.user.id).await?;
    Ok(ceremony.map(|ceremony| CeremonyView { options: ceremony.options, state: ceremony.state }))
}

/// The same, of those that stand in place of the password.
///
/// # Errors
/// The store's.
pub(super) async fn offer_alone(app: &App, browser: &str, current: &Current) -> store::Result<Option<CeremonyView>> {
    let ceremony = passkey::ask_alone(app, browser, Bound::Session(current.session.id), &current.user).await?;
    Ok(ceremony.map(|ceremony| CeremonyView { options: ceremony.options, state: ceremony.state }))
}

/// What was proved in this session; or why it was not, and no more than that.
///
/// # Errors
/// The store's.
pub async fn verify(
    app: &App,
    visit: &Visit,
    current: &Current,
    answer: Answer<'_>,
) -> store::Result<Result<SecondFactorProof, PasskeyError>> {
    let scene = Scene::of(app, visit, &current.user, console::locale(visit, current), None);
    let bound = (Bound::Session(current.session.id), browser::cookie(app, visit));
    Ok(match passkey::verify(&scene, None, bound, answer).await? {
        Some(Verdict::Proven(proof)) => Ok(proof),
        Some(Verdict::Refused { .. }) => Err(PasskeyError::Refused),
        Some(Verdict::Blocked(blocked)) if blocked.at_ceiling => Err(PasskeyError::Ceiling),
        Some(Verdict::Blocked(blocked)) => {
            let seconds = blocked.wait.as_secs().saturating_add(1);
            Err(PasskeyError::Blocked { wait: crate::web::Wait::of(seconds) })
        }
        None => Err(PasskeyError::Stale),
    })
}

/// The cookie of the session, renewed by a passkey alone. `Ok(None)`: it has ended meanwhile.
///
/// # Errors
/// The store's.
pub(super) async fn confirm(
    app: &App,
    visit: &Visit,
    current: &Current,
    answer: Answer<'_>,
) -> store::Result<Result<Option<HeaderValue>, PasskeyError>> {
    // Right as a second factor, such a one does not become the password here either.
    if !passkey::stands_alone(app, &current.user, answer).await? {
        return Ok(Err(PasskeyError::Refused));
    }
    let proof = match verify(app, visit, current, answer).await? {
        Ok(proof) => proof,
        Err(error) => return Ok(Err(error)),
    };
    match session::start(app, visit, &current.user, Proofs::passkey(proof), &session::origin(visit)).await? {
        Start::Begun(started) => Ok(Ok(Some(started.set_cookie))),
        Start::Gone | Start::SecondFactorMissing(_) => Ok(Ok(None)),
    }
}
