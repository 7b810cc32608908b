//! `/account/authentication`: the tab "Authentication".
//!
//! Routes: `GET /account/authentication` [`get`]; `/totp` and `/totp/new` [`totp`]; `/recovery-codes` and `/recovery-codes.txt` [`codes`];
//! `/passkeys` [`passkeys`], `/passkeys/rename` and `/remove` [`passkey_changes`]; `/disable` [`disable`]; `/code` [`code`]; `/email-codes` [`options`]; `/devices` [`devices`].

pub mod code;
pub mod codes;
pub mod devices;
pub mod disable;
pub mod options;
pub mod passkey_changes;
pub mod passkeys;
pub mod totp;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;

use super::confirm::{Detour, Then, signed_in};
use super::console::{locale, show};
use crate::app::App;
use crate::config::EmailCodes;
use crate::mfa::{Scene, recovery_codes};
use crate::secret::Digest;
use crate::session::{self, Current};
use crate::store::totp_credentials::{self, TotpState};
use crate::store::trusted_devices::{self, TrustedDevice};
use crate::store::user_security;
use crate::web::Visit;
use crate::web::cookies::Cookie;
use crate::web::pages::views::authentication::{AuthenticationPage, DeviceView, Said, Trouble};

/// What there is, and the ways to change it.
///
/// # Errors
/// A detour: not signed in; the store's.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Detour> {
    let current = signed_in(&app, &visit, Then::Authentication).await?;
    let said = Said::read(query.as_deref().unwrap_or_default());
    render(&app, &visit, &current, (StatusCode::OK, said, None)).await
}

/// The page, with a word about what was done or why it was not.
async fn render(
    app: &App,
    visit: &Visit,
    current: &Current,
    (status, said, trouble): (StatusCode, Option<Said>, Option<Trouble>),
) -> Result<Response, Detour> {
    let (read, now, user) = (app.store.read(), app.now(), &current.user);
    let factors = session::factors(&read, &app.config, user.id).await?;
    let verified = totp_credentials::find(&read, user.id, TotpState::Active).await?;
    let passkeys = crate::store::passkeys::count(&read, user.id).await?;
    let security = user_security::find(&read, user.id).await?;
    let codes = recovery_codes::summary(&read, &app.sealer, &current.session, now).await?;
    let devices = trusted_devices::list(&read, user.id, user.auth_epoch, now).await?;
    let here = visit.cookie(Cookie::TrustedDevice.name(&app.issuer)).map(|cookie| Digest::of(cookie.as_bytes()));
    Ok(show(app, visit, current, status, |csrf_token| AuthenticationPage {
        csrf_token,
        totp: factors.totp,
        totp_since: verified.and_then(|credential| credential.verified_at).map(crate::clock::Timestamp::secs),
        passkeys: usize::try_from(passkeys).unwrap_or(usize::MAX),
        passkeys_offered: factors.policy.passkeys,
        required: factors.policy.second_factor_required,
        frozen: security.frozen_at.is_some(),
        codes_left: codes.left,
        codes_of: codes.of,
        email_offered: factors.policy.email_codes != EmailCodes::Off,
        email_fallback: factors.policy.email_codes == EmailCodes::Fallback,
        email_codes: security.email_codes == Some(true),
        devices: devices.iter().map(|device| view(device, here.as_ref())).collect(),
        said,
        trouble,
    }))
}

fn view(device: &TrustedDevice, here: Option<&Digest>) -> DeviceView {
    DeviceView {
        id: device.id.to_string(),
        device: device.device.clone(),
        address: device.address.clone(),
        created_at: device.created_at.secs(),
        expires_at: device.expires_at.secs(),
        here: here == Some(&device.digest),
    }
}

fn scene(app: &App, visit: &Visit, current: &Current) -> Scene {
    Scene::of(app, visit, &current.user, locale(visit, current), None)
}
