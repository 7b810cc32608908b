//! "Receive one-time password via email", under One-Time Password Options.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::{render, scene};
use crate::account::confirm::{Detour, Then, proven};
use crate::app::App;
use crate::audit::{self, Kind};
use crate::config::EmailCodes;
use crate::mail::Message;
use crate::mfa::Scene;
use crate::session;
use crate::session::browser::{self, Trust};
use crate::store::user_security::{self, Security};
use crate::store::{self, Conn, mails};
use crate::web::pages::views::authentication::{Said, Trouble};
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// Switches it on or off.
///
/// # Errors
/// A detour: not signed in, or not recently; a form from another site; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = proven(&app, &visit, Then::NewQrCode).await?;
    if trust == Trust::Stale {
        return Ok(Redirect::to(Then::NewQrCode.path()).into_response());
    }
    let wanted = form.get("email_codes").is_some();
    let choice = Choice { scene: scene(&app, &visit, &current), wanted };
    let done = app
        .store
        .write(move |conn| {
            let choice = choice.clone();
            Box::pin(async move { choice.run(conn).await })
        })
        .await?;
    match done {
        Ok(()) => {
            app.mail_waiting.notify_one();
            let said = if wanted { Said::EmailOn } else { Said::EmailOff };
            Ok(Redirect::to(&format!("{}#one-time-password", said.path())).into_response())
        }
        Err(trouble) => render(&app, &visit, &current, (StatusCode::UNPROCESSABLE_ENTITY, None, Some(trouble))).await,
    }
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Choice {
    scene: Scene,
    wanted: bool,
}

impl Choice {
    /// Why it was not done.
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Result<(), Trouble>> {
        let Scene { user, now, .. } = &self.scene;
        let security = user_security::find(conn, user.id).await?;
        let factors = session::factors(conn, &self.scene.app().config, user.id).await?;
        if security.frozen_at.is_some() {
            return Ok(Err(Trouble::Frozen));
        }
        if self.wanted && factors.policy.email_codes == EmailCodes::Off {
            return Ok(Err(Trouble::EmailOff));
        }
        if self.wanted && !user.email_verified {
            return Ok(Err(Trouble::EmailUnverified));
        }
        if !self.wanted && factors.email && !factors.has_codes() && factors.policy.second_factor_required {
            return Ok(Err(Trouble::Required));
        }
        if security.email_codes == Some(self.wanted) || (!self.wanted && security.email_codes.is_none()) {
            return Ok(Ok(()));
        }
        user_security::update(conn, user.id, &security, &Security { email_codes: Some(self.wanted), ..security }).await?;
        let enabled = self.wanted;
        mails::insert(conn, &self.scene.notice(|place, not_me| Message::EmailCodesChanged { enabled, place, not_me })).await?;
        audit::record(conn, &self.scene.event(Kind::EmailCodesChanged).detail("enabled", enabled), *now).await?;
        Ok(Ok(()))
    }
}
