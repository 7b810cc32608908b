//! Setting up an authenticator app: a secret that waits in the store, bound to where it is being set up, until a code of it was given. It survives
//! a reload, a wrong code, the back button and a second tab; the app in use until then goes on working.

use uuid::Uuid;

use super::recovery_codes;
use super::totp::{self, Check, QrCode, TotpSecret};
use super::verify::Refusal;
use super::{Scene, SixDigits};
use crate::app::App;
use crate::audit::{self, Kind};
use crate::mail::Message;
use crate::secret;
use crate::session;
use crate::session::{SecondFactor, SecondFactorProof};
use crate::store::totp_credentials::{self, TotpCredential, TotpState};
use crate::store::users::User;
use crate::store::{self, Conn, mails, pending_sign_ins, trusted_devices, user_security};

/// What is being set up.
#[derive(Clone, Debug)]
pub struct Enrolment {
    pub id: Uuid,
    pub secret: TotpSecret,
}

/// Where it is done: what goes on when everything else of the person ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Session(Uuid),
    PendingSignIn(Uuid),
}

impl Bound {
    pub(super) const fn id(self) -> Uuid {
        match self {
            Self::Session(id) | Self::PendingSignIn(id) => id,
        }
    }
}

/// What a page shows of it.
#[derive(Clone, Debug)]
pub struct Picture {
    pub qr: QrCode,
    pub uri: String,
    pub groups: Vec<String>,
}

impl Enrolment {
    /// # Errors
    /// When the names are longer than a QR code can hold.
    pub fn picture(&self, issuer: &str, account: &str) -> Result<Picture, &'static str> {
        let uri = totp::uri(&self.secret, issuer, account);
        let qr = totp::draw(&uri).ok_or("the address is too long for a QR code")?;
        Ok(Picture { qr, uri, groups: self.secret.groups() })
    }
}

/// The secret being set up here; made when there is none, or when the one there is belongs to another session. `anew`: another one in any case.
///
/// # Errors
/// The store's.
pub async fn begin(app: &App, user: &User, bound: Bound, anew: bool) -> store::Result<Enrolment> {
    if !anew && let Some(found) = found(app, user.id, bound).await? {
        return Ok(found);
    }
    let now = app.now();
    let credential = TotpCredential {
        id: secret::id(now),
        user_id: user.id,
        secret: TotpSecret::random().seal(&app.sealer, user.id),
        state: TotpState::Pending,
        last_step: 0,
        bound_to: Some(bound.id()),
        created_at: now,
        verified_at: None,
    };
    app.store
        .write(move |conn| {
            let credential = credential.clone();
            Box::pin(async move {
                let there = totp_credentials::find(conn, credential.user_id, TotpState::Pending).await?;
                if anew || there.is_some_and(|there| there.bound_to != credential.bound_to) {
                    totp_credentials::revoke(conn, credential.user_id, TotpState::Pending).await?;
                }
                totp_credentials::insert(conn, &credential).await
            })
        })
        .await?;
    found(app, user.id, bound).await?.ok_or(store::Error::NotFound("enrolment"))
}

async fn found(app: &App, user_id: Uuid, bound: Bound) -> store::Result<Option<Enrolment>> {
    let pending = totp_credentials::find(&app.store.read(), user_id, TotpState::Pending).await?;
    let Some(pending) = pending.filter(|pending| pending.bound_to == Some(bound.id())) else { return Ok(None) };
    Ok(TotpSecret::open(&app.sealer, user_id, &pending.secret).map(|secret| Enrolment { id: pending.id, secret }))
}

/// How a verification ended.
#[derive(Debug)]
pub enum Verified {
    /// The app is in use; everything else of the person has ended. Their epoch now, and what the code proved.
    Enabled {
        epoch: i64,
        proof: SecondFactorProof,
    },
    Refused(Refusal),
    /// It was replaced, or verified, meanwhile.
    Gone,
    /// An organisation of theirs allows other second factors only.
    NotAllowed,
    /// "This wasn't me" was said: no credential changes until the password was reset by mail.
    Frozen,
}

/// Puts the app to use when the code is of its secret: with the first one ten recovery codes are made. One transaction with the mail, the events, and
/// the end of everything else.
///
/// # Errors
/// The store's.
pub async fn verify(scene: &Scene, bound: Bound, enrolment: &Enrolment, code: &SixDigits) -> store::Result<Verified> {
    let step = match enrolment.secret.check(code, scene.now, 0) {
        Check::Right { step } => step,
        Check::Drifting { .. } => return Ok(Verified::Refused(Refusal::Drifting)),
        Check::Used { .. } | Check::Wrong => return Ok(Verified::Refused(Refusal::Wrong)),
    };
    let enabling = Enabling { scene: scene.clone(), bound, id: enrolment.id, step };
    let outcome = scene
        .app()
        .store
        .write(move |conn| {
            let enabling = enabling.clone();
            Box::pin(async move { enabling.run(conn).await })
        })
        .await;
    let outcome = match outcome {
        // Another secret is being set up by now; nothing was changed.
        Err(store::Error::Conflict) => Outcome::Gone,
        outcome => outcome?,
    };
    Ok(match outcome {
        Outcome::Enabled(epoch) => {
            scene.app().mail_waiting.notify_one();
            Verified::Enabled { epoch, proof: SecondFactorProof::witnessed(scene.user.id, SecondFactor::Totp, scene.now) }
        }
        Outcome::Gone => Verified::Gone,
        Outcome::NotAllowed => Verified::NotAllowed,
        Outcome::Frozen => Verified::Frozen,
    })
}

enum Outcome {
    Enabled(i64),
    Gone,
    NotAllowed,
    Frozen,
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Enabling {
    scene: Scene,
    bound: Bound,
    id: Uuid,
    step: i64,
}

impl Enabling {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Outcome> {
        let Scene { user, now, .. } = &self.scene;
        if user_security::find(conn, user.id).await?.frozen_at.is_some() {
            return Ok(Outcome::Frozen);
        }
        let replaced = totp_credentials::any_active(conn, user.id).await?;
        // Who has one may move it to another device: that adds nothing. Who has to set one up may.
        if !replaced && !session::factors(conn, &self.scene.app().config, user.id).await?.policy.totp {
            return Ok(Outcome::NotAllowed);
        }
        // First, because it lets one of two go on: the one whose credentials are still those it began with.
        let kept = if let Bound::Session(id) = self.bound { Some(id) } else { None };
        let Some(epoch) = session::raise_epoch_within(conn, user, kept, "second_factor_changed", *now).await? else {
            return Ok(Outcome::Gone);
        };
        if !totp_credentials::rotate(conn, user.id, self.id, self.step, *now).await? {
            return Err(store::Error::Conflict);
        }
        if !replaced {
            let codes = recovery_codes::generate(&self.scene.app().sealer, &self.scene.app().pepper, user.id, self.bound.id(), *now);
            store::recovery_codes::rotate(conn, user.id, &codes).await?;
        }
        if let Bound::PendingSignIn(id) = self.bound {
            pending_sign_ins::update_epoch(conn, id, epoch).await?;
        }
        trusted_devices::revoke_all(conn, user.id).await?;
        self.tell(conn, replaced).await?;
        Ok(Outcome::Enabled(epoch))
    }

    async fn tell(&self, conn: &Conn<'_>, replaced: bool) -> store::Result<()> {
        let mail = self.scene.notice(|place, not_me| {
            if replaced { Message::SecondFactorReplaced { place, not_me } } else { Message::SecondFactorEnabled { place, not_me } }
        });
        mails::insert(conn, &mail).await?;
        let kind = if replaced { Kind::TotpReplaced } else { Kind::TotpEnabled };
        audit::record(conn, &self.scene.event(kind), self.scene.now).await?;
        if !replaced {
            audit::record(conn, &self.scene.event(Kind::RecoveryCodesGenerated), self.scene.now).await?;
        }
        Ok(())
    }
}
