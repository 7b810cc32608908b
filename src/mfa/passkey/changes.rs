//! Another name for a passkey, and its end.

use uuid::Uuid;

use crate::audit::{self, Kind};
use crate::config::EmailCodes;
use crate::mail::Message;
use crate::mfa::Scene;
use crate::organization;
use crate::session::Rotation;
use crate::store::passkeys;
use crate::store::{self, Conn, mails, recovery_codes, totp_credentials, trusted_devices, user_security, users};

/// Gives it another name. Whether it was there.
///
/// # Errors
/// The store's.
pub async fn rename(scene: &Scene, id: Uuid, name: String) -> store::Result<bool> {
    let (scene, app) = (scene.clone(), scene.app().clone());
    app.store
        .write(move |conn| {
            let (scene, name) = (scene.clone(), name.clone());
            Box::pin(async move {
                let renamed = passkeys::update_name(conn, scene.user.id, id, &name).await?;
                if renamed {
                    audit::record(conn, &scene.event(Kind::PasskeyRenamed).detail("passkey", id.to_string()), scene.now).await?;
                }
                Ok(renamed)
            })
        })
        .await
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Done,
    /// It was gone already.
    Gone,
    /// It is the last second factor of somebody who must have one.
    Required,
    Frozen,
}

/// Takes it away. The session it is done in goes on under the cookie of `rotation`; everything else of the person ends. With the last second factor the
/// recovery codes go, too.
///
/// # Errors
/// The store's.
pub async fn remove(scene: &Scene, rotation: &Rotation, id: Uuid) -> store::Result<Removal> {
    let removing = Removing { scene: scene.clone(), rotation: rotation.clone(), id };
    let app = scene.app();
    let removal = app
        .store
        .write(move |conn| {
            let removing = removing.clone();
            Box::pin(async move { removing.run(conn).await })
        })
        .await?;
    if removal == Removal::Done {
        app.mail_waiting.notify_one();
        app.logout_waiting.notify_one();
    }
    Ok(removal)
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Removing {
    scene: Scene,
    rotation: Rotation,
    id: Uuid,
}

impl Removing {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Removal> {
        let Scene { user, now, .. } = &self.scene;
        let security = user_security::find(conn, user.id).await?;
        if security.frozen_at.is_some() {
            return Ok(Removal::Frozen);
        }
        let theirs = passkeys::list(conn, user.id).await?;
        let Some(passkey) = theirs.iter().find(|passkey| passkey.id == self.id) else { return Ok(Removal::Gone) };
        let policy = organization::policy(conn, &self.scene.app().config, user.id).await?;
        let by_mail = security.email_codes == Some(true) && policy.email_codes != EmailCodes::Off;
        let has_codes = theirs.len() > 1 || totp_credentials::any_active(conn, user.id).await?;
        if policy.second_factor_required && !has_codes && !by_mail {
            return Ok(Removal::Required);
        }
        passkeys::revoke(conn, user.id, self.id).await?;
        if !has_codes {
            recovery_codes::revoke(conn, user.id).await?;
        }
        trusted_devices::revoke_all(conn, user.id).await?;
        users::update_epoch(conn, user.id, *now).await?;
        self.rotation.keep_within(conn, "second_factor_changed", *now).await?;
        let name = passkey.name.clone();
        mails::insert(conn, &self.scene.notice(|place, not_me| Message::PasskeyRemoved { passkey: name, place, not_me })).await?;
        audit::record(conn, &self.scene.event(Kind::PasskeyRemoved).detail("passkey", self.id.to_string()), *now).await?;
        Ok(Removal::Done)
    }
}
