//! Setting up a passkey (WebAuthn §7.1): in My Account, or on the way when a second factor is asked of somebody who has none.

use uuid::Uuid;
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential};

use super::MOST;
use super::ceremony::{Answer, LIFETIME, open, relying_party};
use crate::app::App;
use crate::audit::{self, Kind};
use crate::mail::Message;
use crate::mfa::enrolment::Bound;
use crate::mfa::{Scene, recovery_codes};
use crate::organization;
use crate::secret;
use crate::session::{self, SecondFactor, SecondFactorProof};
use crate::store::passkeys::{self, Passkey};
use crate::store::{self, Conn, mails, pending_sign_ins, spent, trusted_devices, user_security};

/// How it ended.
#[derive(Debug)]
pub enum Registered {
    /// It is there; everything else of the person has ended. Their epoch now, what was proved, and whether recovery codes were made with it.
    Added {
        epoch: i64,
        proof: SecondFactorProof,
        recovery_codes: bool,
    },
    /// What the browser gave is no passkey for us.
    Refused,
    /// The page was too old, or not this one's, or its answer came before.
    Stale,
    /// It is there already, with this account or another.
    Known,
    TooMany,
    /// An organisation of theirs, or the service, allows none.
    NotAllowed,
    /// "This wasn't me" was said: no credential changes until the password was reset by mail.
    Frozen,
    /// Credentials have changed meanwhile.
    Gone,
}

/// Adds the passkey the browser has made. With a person's first factor ten recovery codes are made. One transaction with the mail, the events, and the end
/// of everything else.
///
/// # Errors
/// The store's.
pub async fn register(
    scene: &Scene,
    (bound, browser): (Bound, Option<&str>),
    answer: Answer<'_>,
    name: String,
) -> store::Result<Registered> {
    let app = scene.app();
    let Some(sealed) = open::<PasskeyRegistration>(app, browser, Some(bound), answer) else { return Ok(Registered::Stale) };
    let Some(made) = answer.credential::<RegisterPublicKeyCredential>() else { return Ok(Registered::Refused) };
    let Some(passkey) = check(app, scene, &sealed.state, &made).map(|passkey| Passkey { name, ..passkey }) else {
        return Ok(Registered::Refused);
    };
    let hardware = !passkey.backup_eligible;
    let adding = Adding { scene: scene.clone(), bound, ceremony: sealed.id, passkey };
    let outcome = app
        .store
        .write(move |conn| {
            let adding = adding.clone();
            Box::pin(async move { adding.run(conn).await })
        })
        .await;
    match outcome {
        Ok(Ok((epoch, recovery_codes))) => {
            app.mail_waiting.notify_one();
            app.logout_waiting.notify_one();
            let proof = SecondFactorProof::witnessed(scene.user.id, SecondFactor::Passkey { hardware }, scene.now);
            Ok(Registered::Added { epoch, proof, recovery_codes })
        }
        Ok(Err(why)) => Ok(why),
        Err(store::Error::Conflict) => Ok(Registered::Known),
        Err(error) => Err(error),
    }
}

/// The row of a credential that was made for us, with user verification.
fn check(app: &App, scene: &Scene, state: &PasskeyRegistration, made: &RegisterPublicKeyCredential) -> Option<Passkey> {
    let credential = match relying_party(app)?.finish_passkey_registration(made, state) {
        Ok(credential) => credential,
        Err(error) => {
            tracing::info!(user_id = %scene.user.id, %error, "a new passkey was refused");
            return None;
        }
    };
    let kept = serde_json::to_value(&credential).ok()?;
    let flag = |name: &str| kept.pointer(&format!("/cred/{name}")).and_then(serde_json::Value::as_bool);
    let transports = made.response.transports.iter().flatten().map(ToString::to_string).filter(|word| word != "unknown").take(6);
    Some(Passkey {
        id: secret::id(scene.now),
        user_id: scene.user.id,
        credential_id: credential.cred_id().clone(),
        name: String::new(),
        transports: transports.collect(),
        backup_eligible: flag("backup_eligible")?,
        backed_up: flag("backup_state")?,
        alone: true,
        credential: kept.to_string(),
        created_at: scene.now,
        last_used_at: None,
    })
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Adding {
    scene: Scene,
    bound: Bound,
    ceremony: Uuid,
    passkey: Passkey,
}

impl Adding {
    /// The epoch, and whether recovery codes were made; or why it was not done.
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Result<(i64, bool), Registered>> {
        let Scene { user, now, .. } = &self.scene;
        if let Some(why) = self.obstacle(conn).await? {
            return Ok(Err(why));
        }
        let ceremony = self.ceremony.to_string();
        if !spent::redeem(conn, spent::Kind::PasskeyCeremony, &ceremony, now.plus(LIFETIME)).await? {
            return Ok(Err(Registered::Stale));
        }
        // It lets one of two go on: the one whose credentials are still those it began with.
        let kept = if let Bound::Session(id) = self.bound { Some(id) } else { None };
        let Some(epoch) = session::raise_epoch_within(conn, user, kept, "second_factor_changed", *now).await? else {
            return Ok(Err(Registered::Gone));
        };
        passkeys::insert(conn, &self.passkey).await?;
        let codes = self.make_recovery_codes(conn).await?;
        if let Bound::PendingSignIn(id) = self.bound {
            pending_sign_ins::update_epoch(conn, id, epoch).await?;
        }
        trusted_devices::revoke_all(conn, user.id).await?;
        let passkey = self.passkey.name.clone();
        mails::insert(conn, &self.scene.notice(|place, not_me| Message::PasskeyAdded { passkey, place, not_me })).await?;
        let event = self.scene.event(Kind::PasskeyAdded).detail("passkey", self.passkey.id.to_string());
        audit::record(conn, &event.detail("backup_eligible", self.passkey.backup_eligible), *now).await?;
        Ok(Ok((epoch, codes)))
    }

    async fn obstacle(&self, conn: &Conn<'_>) -> store::Result<Option<Registered>> {
        let user_id = self.scene.user.id;
        if user_security::find(conn, user_id).await?.frozen_at.is_some() {
            return Ok(Some(Registered::Frozen));
        }
        if !organization::policy(conn, &self.scene.app().config, user_id).await?.passkeys {
            return Ok(Some(Registered::NotAllowed));
        }
        Ok((passkeys::count(conn, user_id).await? >= MOST).then_some(Registered::TooMany))
    }

    /// Whoever has none gets ten. Whether they did.
    async fn make_recovery_codes(&self, conn: &Conn<'_>) -> store::Result<bool> {
        let Scene { user, now, .. } = &self.scene;
        if !store::recovery_codes::list(conn, user.id).await?.is_empty() {
            return Ok(false);
        }
        let codes = recovery_codes::generate(&self.scene.app().sealer, &self.scene.app().pepper, user.id, self.bound.id(), *now);
        store::recovery_codes::rotate(conn, user.id, &codes).await?;
        audit::record(conn, &self.scene.event(Kind::RecoveryCodesGenerated), *now).await?;
        Ok(true)
    }
}
