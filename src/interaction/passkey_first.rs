//! Signing in on the login page with a passkey alone.

use http::HeaderValue;

use super::known_accounts;
use crate::account::known_device;
use crate::app::App;
use crate::mfa::passkey::{self, Answer, Attempt};
use crate::session::{self, Proofs, Start, browser};
use crate::web::pages::views::LoginError;
use crate::web::pages::views::passkeys::CeremonyView;
use crate::web::{ErrorKind, Locale, PageError, Visit};

/// What the login page asks the browser for, where passkeys are allowed at all.
pub(super) fn offer(app: &App, browser: &str) -> Option<CeremonyView> {
    let ceremony = if app.config.mfa.passkeys { passkey::ask(app, browser)? } else { return None };
    Some(CeremonyView { options: ceremony.options, state: ceremony.state })
}

/// The session's cookies, or what the page says.
pub(super) async fn attempt(
    app: &App,
    visit: &Visit,
    locale: Locale,
    answer: Answer<'_>,
) -> Result<Result<Vec<HeaderValue>, LoginError>, PageError> {
    let (user, proof) = match passkey::sign_in(app, visit, locale, (answer, browser::cookie(app, visit))).await? {
        Attempt::Proven { user, proof } => (user, proof),
        Attempt::Stale => return Ok(Err(LoginError::PasskeyStale)),
        Attempt::Refused => return Ok(Err(LoginError::Passkey)),
        Attempt::Blocked(_) => return Ok(Err(LoginError::PasskeyBlocked)),
    };
    match session::start(app, visit, &user, Proofs::passkey(proof), &session::origin(visit)).await? {
        Start::Begun(started) => {
            let device = known_device::greet(app, visit, &user, &started.session).await;
            let mut cookies = vec![started.set_cookie, known_accounts::remember(app, visit, user.id), device];
            cookies.extend(started.remove_pending);
            Ok(Ok(cookies))
        }
        Start::Gone => Ok(Err(LoginError::PasskeyStale)),
        Start::SecondFactorMissing(_) => Err(PageError::because(ErrorKind::Internal, "a passkey is both factors, and one is missing")),
    }
}
