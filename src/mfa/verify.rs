//! Verifying a second factor at sign-in: counted before it is checked, in the transaction that spends it.

use uuid::Uuid;

use super::attempts::{self, Blocked, Counted, Counter};
use super::passkey::Assertion;
use super::totp::{Check, TotpSecret};
use super::{Scene, SixDigits, email_code, recovery_codes};
use crate::audit::{self, Kind};
use crate::mail::Message;
use crate::secret::Digest;
use crate::session::{SecondFactor, SecondFactorProof};
use crate::store::pending_sign_ins::{self, PendingSignIn};
use crate::store::totp_credentials::{self, TotpState};
use crate::store::{self, Conn, mails};
use crate::telemetry::metrics::{Method, Outcome as End};

/// For how many failures in a row a drifting clock is told of: whoever guesses must not learn from many tries which code will be right soon.
const DRIFT_IS_TOLD: i32 = 3;

/// How a try ended.
#[derive(Debug)]
pub enum Verdict {
    Proven(SecondFactorProof),
    Refused {
        why: Refusal,
        /// The pending sign-in bore as many as it does, and is gone.
        over: bool,
    },
    Blocked(Blocked),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Wrong,
    /// It was right once; the next one comes in so many seconds.
    Used {
        seconds: u64,
    },
    /// The clock of the app is off.
    Drifting,
}

/// What was typed, understood.
#[derive(Clone)]
enum Typed {
    Totp(SixDigits),
    Recovery(recovery_codes::Digests),
    Email { codes: Vec<Digest>, pending: Uuid },
    Passkey(Box<Assertion>),
}

impl Typed {
    const fn factor(&self) -> SecondFactor {
        match self {
            Self::Totp(_) => SecondFactor::Totp,
            Self::Recovery(_) => SecondFactor::RecoveryCode,
            Self::Email { .. } => SecondFactor::EmailCode,
            Self::Passkey(assertion) => assertion.factor(),
        }
    }

    const fn method(&self) -> Method {
        match self {
            Self::Totp(_) => Method::Totp,
            Self::Recovery(_) => Method::RecoveryCode,
            Self::Email { .. } => Method::EmailCode,
            Self::Passkey(_) => Method::Passkey,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Totp(_) => "totp",
            Self::Recovery(_) => "recovery_code",
            Self::Email { .. } => "email_code",
            Self::Passkey(_) => "passkey",
        }
    }
}

/// A code of the authenticator app. `pending`: the sign-in it is given in, if it is one.
///
/// # Errors
/// The store's.
pub async fn totp(scene: &Scene, pending: Option<&PendingSignIn>, code: SixDigits) -> store::Result<Verdict> {
    run(scene, pending, Typed::Totp(code)).await
}

/// A recovery code. `None`: what was typed is none, and nothing was tried.
///
/// # Errors
/// The store's.
pub async fn recovery_code(scene: &Scene, pending: Option<&PendingSignIn>, typed: &str) -> store::Result<Option<Verdict>> {
    match recovery_codes::read(&scene.app().pepper, scene.user.id, typed) {
        Some(digests) => run(scene, pending, Typed::Recovery(digests)).await.map(Some),
        None => Ok(None),
    }
}

/// The code that was mailed for this pending sign-in.
///
/// # Errors
/// The store's.
pub async fn email(scene: &Scene, pending: &PendingSignIn, code: &SixDigits) -> store::Result<Verdict> {
    let codes = email_code::read(&scene.app().sealer, pending.id, code);
    run(scene, Some(pending), Typed::Email { codes, pending: pending.id }).await
}

/// What a passkey answered, see [`super::passkey`].
///
/// # Errors
/// The store's.
pub(super) async fn passkey(scene: &Scene, pending: Option<&PendingSignIn>, assertion: Assertion) -> store::Result<Verdict> {
    run(scene, pending, Typed::Passkey(Box::new(assertion))).await
}

async fn run(scene: &Scene, pending: Option<&PendingSignIn>, typed: Typed) -> store::Result<Verdict> {
    let trial = Trial { scene: scene.clone(), pending: pending.map(|pending| pending.id), typed };
    let store = &scene.app().store;
    let (factor, method, running) = (trial.typed.factor(), trial.typed.method(), trial.clone());
    let outcome = store
        .write(move |conn| {
            let trial = running.clone();
            Box::pin(async move { trial.run(conn).await })
        })
        .await?;
    scene.app().metrics.signed_in(
        method,
        match &outcome {
            Outcome::Right { .. } => End::Success,
            Outcome::Refused { .. } => End::Wrong,
            Outcome::Blocked(_) => End::Limited,
        },
    );
    Ok(match outcome {
        Outcome::Right { mailed } => {
            if mailed {
                scene.app().mail_waiting.notify_one();
            }
            Verdict::Proven(SecondFactorProof::witnessed(scene.user.id, factor, scene.now))
        }
        Outcome::Refused { why, over, mailed } => {
            if mailed {
                scene.app().mail_waiting.notify_one();
            }
            Verdict::Refused { why, over }
        }
        Outcome::Blocked(blocked) => {
            scene.app().metrics.limited("codes");
            Verdict::Blocked(blocked)
        }
    })
}

enum Outcome {
    Right { mailed: bool },
    Refused { why: Refusal, over: bool, mailed: bool },
    Blocked(Blocked),
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Trial {
    scene: Scene,
    pending: Option<Uuid>,
    typed: Typed,
}

impl Trial {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Outcome> {
        let now = &self.scene.now;
        let counter = Counter::of(&self.scene);
        let attempts = match counter.count(conn, *now).await? {
            Ok(attempts) => attempts,
            Err(blocked) => return Ok(Outcome::Blocked(blocked)),
        };
        let Some(why) = self.check(conn, &attempts).await? else {
            let by_mail = matches!(self.typed, Typed::Email { .. });
            counter.give_back(conn, &attempts, by_mail).await?;
            if by_mail {
                email_code::give_back(conn, &self.scene).await?;
            }
            let mailed = self.tell_of_recovery(conn).await?;
            return Ok(Outcome::Right { mailed });
        };
        // A code that was right is no guess: a second click must not take the sign-in away that the first one is about to finish.
        let over = match (self.pending, why) {
            (Some(_), Refusal::Used { .. }) | (None, _) => false,
            (Some(id), _) => {
                !pending_sign_ins::update_failed(conn, id, attempts::whole(self.scene.app().config.limits.codes_per_sign_in)).await?
            }
        };
        if over && let Some(id) = self.pending {
            pending_sign_ins::revoke(conn, id).await?;
        }
        let mailed = self.tell_of_guesses(conn, &attempts).await?;
        let event = self.scene.event(Kind::SecondFactorFailed).detail("factor", self.typed.name()).detail("failures", attempts.failures);
        audit::record(conn, &event, *now).await?;
        Ok(Outcome::Refused { why, over, mailed })
    }

    /// Why it is refused; `None` when it was right and is spent now.
    async fn check(&self, conn: &Conn<'_>, attempts: &Counted) -> store::Result<Option<Refusal>> {
        let Scene { user, now, .. } = &self.scene;
        let spent = match &self.typed {
            Typed::Totp(code) => return self.check_totp(conn, code, attempts).await,
            Typed::Passkey(assertion) => return assertion.redeem(conn, &self.scene).await,
            Typed::Recovery(digests) => store::recovery_codes::redeem(conn, user.id, &digests.all(), *now).await?,
            Typed::Email { codes, pending } => {
                pending_sign_ins::redeem_code(conn, *pending, codes, now.minus(email_code::LIFETIME)).await?
            }
        };
        Ok((!spent).then_some(Refusal::Wrong))
    }

    async fn check_totp(&self, conn: &Conn<'_>, code: &SixDigits, attempts: &Counted) -> store::Result<Option<Refusal>> {
        let Scene { user, now, .. } = &self.scene;
        let Some(credential) = totp_credentials::find(conn, user.id, TotpState::Active).await? else { return Ok(Some(Refusal::Wrong)) };
        let secret = TotpSecret::open(&self.scene.app().sealer, user.id, &credential.secret)
            .ok_or_else(|| store::Error::Inconsistent { table: "totp_credentials", detail: "a secret cannot be opened".to_owned() })?;
        let refusal = match secret.check(code, *now, credential.last_step) {
            Check::Right { step } if totp_credentials::redeem(conn, credential.id, step).await? => return Ok(None),
            // Somebody was faster with the same code.
            Check::Right { .. } => Refusal::Used { seconds: super::totp::seconds_left(*now) },
            Check::Used { seconds } => Refusal::Used { seconds },
            Check::Drifting { .. } if attempts.failures <= DRIFT_IS_TOLD => Refusal::Drifting,
            Check::Drifting { .. } | Check::Wrong => Refusal::Wrong,
        };
        Ok(Some(refusal))
    }

    /// Whether a mail waits: a recovery code was used.
    async fn tell_of_recovery(&self, conn: &Conn<'_>) -> store::Result<bool> {
        if !matches!(self.typed, Typed::Recovery(_)) {
            return Ok(false);
        }
        let Scene { user, now, .. } = &self.scene;
        let left = u32::try_from(store::recovery_codes::find_left(conn, user.id).await?).unwrap_or(u32::MAX);
        mails::insert(conn, &self.scene.notice(|place, not_me| Message::RecoveryCodeUsed { left, place, not_me })).await?;
        audit::record(conn, &self.scene.event(Kind::RecoveryCodeUsed).detail("left", left), *now).await?;
        Ok(true)
    }

    /// Whether a mail waits: the password is known to somebody who has not the second factor.
    async fn tell_of_guesses(&self, conn: &Conn<'_>, attempts: &Counted) -> store::Result<bool> {
        let Some(attempts) = attempts.told_at else { return Ok(false) };
        mails::insert(conn, &self.scene.notice(|place, not_me| Message::SecondFactorGuessed { attempts, place, not_me })).await?;
        Ok(true)
    }
}
