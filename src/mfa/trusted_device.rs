//! Devices on which the second factor need not be given at every sign-in, where the policy allows it.

use std::time::Duration;

use http::HeaderValue;
use uuid::Uuid;

use super::Scene;
use crate::app::App;
use crate::audit::{self, Kind};
use crate::organization;
use crate::secret::{self, Digest};
use crate::session::{SecondFactor, SecondFactorProof};
use crate::store;
use crate::store::trusted_devices::{self, TrustedDevice};
use crate::store::users::User;
use crate::web::Visit;
use crate::web::cookies::Cookie;

/// Whether this browser is one that this person trusted, and the policy still lets them.
///
/// # Errors
/// The store's.
pub async fn witness(app: &App, visit: &Visit, user: &User) -> store::Result<Option<SecondFactorProof>> {
    let Some(cookie) = visit.cookie(Cookie::TrustedDevice.name(&app.issuer)) else { return Ok(None) };
    let (read, now) = (app.store.read(), app.now());
    let Some(device) = trusted_devices::find(&read, &Digest::of(cookie.as_bytes()), user.id, user.auth_epoch, now).await? else {
        return Ok(None);
    };
    // A time that was made shorter holds for devices that were trusted before.
    let ttl = organization::policy(&read, &app.config, user.id).await?.trusted_device_ttl;
    if ttl.is_none_or(|ttl| device.created_at.plus(ttl) <= now) {
        return Ok(None);
    }
    let id = device.id;
    app.store.write_one(move |conn| Box::pin(trusted_devices::update_last_used(conn, id, now))).await?;
    Ok(Some(SecondFactorProof::witnessed(user.id, SecondFactor::TrustedDevice, now)))
}

/// Trusts this browser for so long. The cookie to set.
///
/// # Errors
/// The store's.
pub async fn trust(scene: &Scene, ttl: Duration) -> store::Result<HeaderValue> {
    let (cookie, now) = (secret::random_token(), scene.now);
    let device = TrustedDevice {
        id: secret::id(now),
        user_id: scene.user.id,
        digest: Digest::of(cookie.as_bytes()),
        epoch: scene.user.auth_epoch,
        device: scene.place.device.clone(),
        address: scene.place.address.clone(),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus(ttl),
    };
    let event = scene.event(Kind::DeviceTrusted).detail("days", ttl.as_secs() / 86_400);
    scene
        .app()
        .store
        .write(move |conn| {
            let (device, event) = (device.clone(), event.clone());
            Box::pin(async move {
                trusted_devices::insert(conn, &device).await?;
                audit::record(conn, &event, now).await
            })
        })
        .await?;
    Ok(Cookie::TrustedDevice.set(&scene.app().issuer, &cookie, Some(ttl)))
}

/// Forgets one of this person's devices, or all. How many.
///
/// # Errors
/// The store's.
pub async fn forget(scene: &Scene, id: Option<Uuid>) -> store::Result<u64> {
    let (scene, app) = (scene.clone(), scene.app().clone());
    app.store
        .write(move |conn| {
            let scene = scene.clone();
            Box::pin(async move {
                let forgotten = match id {
                    Some(id) => u64::from(trusted_devices::revoke(conn, scene.user.id, id).await?),
                    None => trusted_devices::revoke_all(conn, scene.user.id).await?,
                };
                if forgotten > 0 {
                    audit::record(conn, &scene.event(Kind::DeviceForgotten).detail("devices", forgotten), scene.now).await?;
                }
                Ok(forgotten)
            })
        })
        .await
}
