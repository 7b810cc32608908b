//! `/account/authentication/disable`: "Disable two-factor authentication".

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::scene;
use crate::account::confirm::{Detour, Then, proven};
use crate::account::console::show;
use crate::app::App;
use crate::audit::{self, Kind};
use crate::mail::Message;
use crate::mfa::Scene;
use crate::organization;
use crate::session::browser::{self, Trust};
use crate::session::{Current, Factors, Rotation};
use crate::store::totp_credentials::TotpState;
use crate::store::user_security::{self, Security};
use crate::store::{self, Conn, mails, passkeys, recovery_codes, totp_credentials, trusted_devices, users};
use crate::web::cookies::with_cookie;
use crate::web::pages::views::authentication::{DisablePage, Said, Trouble};
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// What it means, and the button; or why not.
///
/// # Errors
/// A detour: not signed in, or not recently; there is nothing to disable; the store's.
pub async fn get(State(app): State<App>, visit: Visit) -> Result<Response, Detour> {
    let (current, factors) = open(&app, &visit).await?;
    let trouble = factors.policy.second_factor_required.then_some(Trouble::Required);
    Ok(page(&app, &visit, &current, (StatusCode::OK, trouble)))
}

/// Disables it: from then on e-mail and password are enough.
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = open(&app, &visit).await?;
    if trust == Trust::Stale {
        return Ok(page(&app, &visit, &current, (StatusCode::UNPROCESSABLE_ENTITY, None)));
    }
    let disabling = Disabling { scene: scene(&app, &visit, &current), rotation: Rotation::of(&app, &current.session) };
    let cookie = disabling.rotation.set_cookie();
    let trouble = app
        .store
        .write(move |conn| {
            let disabling = disabling.clone();
            Box::pin(async move { disabling.run(conn).await })
        })
        .await?;
    if let Some(trouble) = trouble {
        return Ok(page(&app, &visit, &current, (StatusCode::UNPROCESSABLE_ENTITY, Some(trouble))));
    }
    app.mail_waiting.notify_one();
    app.logout_waiting.notify_one();
    Ok(with_cookie(Redirect::to(&Said::Disabled.path()).into_response(), Some(cookie)))
}

async fn open(app: &App, visit: &Visit) -> Result<(Current, Factors), Detour> {
    let (current, factors) = proven(app, visit, Then::Disable).await?;
    if factors.any() { Ok((current, factors)) } else { Err(Detour::To(Then::Authentication.path().to_owned())) }
}

fn page(app: &App, visit: &Visit, current: &Current, (status, trouble): (StatusCode, Option<Trouble>)) -> Response {
    show(app, visit, current, status, |csrf_token| DisablePage { csrf_token, trouble })
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Disabling {
    scene: Scene,
    rotation: Rotation,
}

impl Disabling {
    /// Why it was not done.
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Option<Trouble>> {
        let Scene { user, now, .. } = &self.scene;
        let security = user_security::find(conn, user.id).await?;
        if security.frozen_at.is_some() {
            return Ok(Some(Trouble::Frozen));
        }
        if organization::policy(conn, &self.scene.app().config, user.id).await?.second_factor_required {
            return Ok(Some(Trouble::Required));
        }
        for state in [TotpState::Active, TotpState::Pending] {
            totp_credentials::revoke(conn, user.id, state).await?;
        }
        passkeys::revoke_all(conn, user.id).await?;
        recovery_codes::revoke(conn, user.id).await?;
        trusted_devices::revoke_all(conn, user.id).await?;
        // "Only e-mail and password from then on": codes by mail would come back as the fallback.
        user_security::update(conn, user.id, &security, &Security { email_codes: Some(false), ..security }).await?;
        users::update_epoch(conn, user.id, *now).await?;
        self.rotation.keep_within(conn, "second_factor_changed", *now).await?;
        mails::insert(conn, &self.scene.notice(|place, not_me| Message::SecondFactorDisabled { place, not_me })).await?;
        audit::record(conn, &self.scene.event(Kind::TotpDisabled), *now).await?;
        Ok(None)
    }
}
