//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4, §3.5).
//!
//! A device asks again and again until its person has answered. What they allowed is redeemed as an authorization code is.

use super::redemption::{self, Delegated};
use super::{Code, Outcome};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::oauth::client_request::ClientRequest;
use crate::oauth::error::Error;
use crate::store;
use crate::store::device_authorizations::{self, Approval, DeviceAuthorization, SLOWER_BY, State};
use crate::tokens::device;

const EXPIRED: &str = "the device code has expired: begin again at the device authorization endpoint";

pub(super) async fn decide(app: &App, request: &ClientRequest) -> Result<Outcome, Error> {
    let presented = request.required("device_code")?;
    let found = match device::digest_of_device_code(presented) {
        Some(digest) => device_authorizations::find_by_device_code(&app.store.read(), &digest).await?,
        None => None,
    };
    let Some(found) = found else {
        let description = "the device code is not one of this server, was cut off or changed, or expired long ago";
        return Ok(Outcome::reject(Code::InvalidGrant, description));
    };
    let is_over = request.now >= found.expires_at;
    if found.client_id != request.client().client_id {
        return stolen(app, request, found).await;
    }
    match found.state.clone() {
        State::Approved(approval) if is_over => {
            redemption::too_late(app, request, delegated(found, approval), Error::new(Code::ExpiredToken, EXPIRED)).await
        }
        State::Approved(approval) => redemption::redeem(app, request, delegated(found, approval)).await,
        State::Pending | State::Denied if is_over => Ok(Outcome::reject(Code::ExpiredToken, EXPIRED)),
        State::Denied => Ok(Outcome::reject(Code::AccessDenied, "the person did not allow it")),
        State::Pending => pending(app, request, &found).await,
    }
}

/// Nobody has answered yet. Who asks too often is told so, and has to wait longer from then on.
async fn pending(app: &App, request: &ClientRequest, found: &DeviceAuthorization) -> Result<Outcome, Error> {
    let (id, now) = (found.id, request.now);
    let polled = app.store.write_one(move |conn| Box::pin(device_authorizations::redeem_poll(conn, id, now)));
    if polled.await? {
        return Ok(Outcome::reject(Code::AuthorizationPending, "the person has not answered yet"));
    }
    app.store.write_one(move |conn| Box::pin(device_authorizations::update_slowed(conn, id, now))).await?;
    let interval = found.interval.saturating_add(SLOWER_BY).as_secs();
    Ok(Outcome::reject(Code::SlowDown, format!("this device asks too often: wait {interval} s from now on")))
}

/// A code that came to another client is in wrong hands: nobody gets anything for it.
async fn stolen(app: &App, request: &ClientRequest, found: DeviceAuthorization) -> Result<Outcome, Error> {
    let description = "the device code was issued to another client";
    if let State::Approved(approval) = found.state.clone() {
        return redemption::burn(app, request, delegated(found, approval), description.to_owned()).await;
    }
    let (id, now) = (found.id, request.now);
    let event = Event::new(Kind::CodeRefused, &request.origin).client(&found.client_id).grant(found.id).detail("grant_type", "device_code");
    let event = event.detail("reason", description).detail("presented_by", request.client().client_id.clone());
    let revoked: store::Result<()> = app
        .store
        .write(move |conn| {
            let event = event.clone();
            Box::pin(async move {
                device_authorizations::revoke(conn, id).await?;
                audit::record(conn, &event, now).await
            })
        })
        .await;
    revoked?;
    Ok(Outcome::RejectAndCommit(Error::new(Code::InvalidGrant, description)))
}

fn delegated(of: DeviceAuthorization, approval: Approval) -> Delegated {
    let Approval { user_id, session_id, auth_time, amr, acr, epoch } = approval;
    let DeviceAuthorization { id, client_id, scope, .. } = of;
    Delegated { id, client_id, user_id, session_id, scope, nonce: None, auth_time, amr, acr, epoch, to_device: true }
}
