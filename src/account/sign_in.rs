//! Verifying e-mail and password: the same work and the same answer whether or not there is such an account.
//!
//! OWASP ASVS 5 §6.3.8: nothing but the audit log tells an unknown address from a wrong password.

use std::sync::Arc;

use super::email;
use super::guesses::sprayed::Tried;
use super::guesses::{self, Guess, Limited};
use super::password::Verdict;
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::secret::Secret;
use crate::session::{self, PasswordProof};
use crate::store;
use crate::store::users::{self, User};
use crate::telemetry::metrics::{Method, Outcome};
use crate::web::Visit;

/// How an attempt ended.
#[derive(Debug)]
pub enum Attempt {
    Proven {
        user: Box<User>,
        proof: PasswordProof,
    },
    /// Unknown address, wrong password, disabled account: told apart in the audit log only.
    Refused,
    /// No hash thread in time.
    Busy,
    /// Too many were wrong: nothing was checked.
    Limited(Limited),
}

/// Why an attempt was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Unknown,
    NoPassword,
    WrongPassword,
    Disabled,
    /// Every organisation they belong to is disabled.
    Suspended,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NoPassword => "no_password",
            Self::WrongPassword => "wrong_password",
            Self::Disabled => "disabled",
            Self::Suspended => "suspended",
        }
    }
}

/// The one place where a person's password is checked. The try is counted before ([`guesses`]); then exactly one Argon2 verification; a refused attempt
/// leaves one audit event; a hash of weaker parameters is replaced.
///
/// # Errors
/// The store's.
pub async fn verify(app: &App, visit: &Visit, email: &str, password: Secret<String>) -> store::Result<Attempt> {
    let attempt = attempt(app, visit, email, password).await?;
    let outcome = match &attempt {
        Attempt::Proven { .. } => Outcome::Success,
        Attempt::Refused => Outcome::Wrong,
        Attempt::Busy => Outcome::Busy,
        Attempt::Limited(_) => Outcome::Limited,
    };
    app.metrics.signed_in(Method::Password, outcome);
    Ok(attempt)
}

async fn attempt(app: &App, visit: &Visit, email: &str, password: Secret<String>) -> store::Result<Attempt> {
    let origin = &session::origin(visit);
    let address = email::canonical(email);
    let user = match &address {
        Some(address) => users::find_by_email(&app.store.read(), address).await?,
        None => None,
    };
    let typed = address.as_deref().unwrap_or(email);
    let guess = Guess::of(app, visit, user.as_ref(), typed);
    let tried = Tried::of(app, &password, guess.address());
    if guess.is_strange()
        && let Err(limited) = tried.check(app).await?
    {
        return Ok(Attempt::Limited(limited));
    }
    let about = |kind| event(app, kind, (user.as_ref(), typed), origin);
    let limited = about(Kind::SignInLimited);
    let counted = match guesses::count(app, guess, limited).await? {
        Ok(counted) => counted,
        Err(limited) => return Ok(Attempt::Limited(limited)),
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let Ok(verdict) = app.passwords.verify(password, hash).await else {
        guesses::give_back(app, counted, false).await?;
        return Ok(Attempt::Busy);
    };
    let refusal = refusal(user.as_ref(), &verdict);
    let (Some(user), None) = (&user, refusal) else {
        let reason = refusal.unwrap_or(Reason::Unknown);
        let failed = about(Kind::SignInFailed).detail("reason", reason.as_str());
        record_failure(app, failed, (tried, Event::new(Kind::PasswordSprayed, origin))).await?;
        return Ok(Attempt::Refused);
    };
    guesses::give_back(app, counted, true).await?;
    if let Verdict::Right { rehash: Some(new_hash) } = verdict {
        replace_hash(app, user, new_hash).await;
    }
    Ok(Attempt::Proven { user: Box::new(user.clone()), proof: PasswordProof::witnessed(user.id, app.now()) })
}

/// The account's state counts only after the password has been checked: a disabled account is no different from a wrong password.
fn refusal(user: Option<&User>, verdict: &Verdict) -> Option<Reason> {
    let Some(user) = user else { return Some(Reason::Unknown) };
    match verdict {
        Verdict::Wrong if user.password_hash.is_none() => Some(Reason::NoPassword),
        Verdict::Wrong => Some(Reason::WrongPassword),
        Verdict::Right { .. } if !user.enabled => Some(Reason::Disabled),
        Verdict::Right { .. } if !user.is_active() => Some(Reason::Suspended),
        Verdict::Right { .. } => None,
    }
}

fn event(app: &App, kind: Kind, (user, typed): (Option<&User>, &str), origin: &audit::Origin) -> Event {
    let event = Event::new(kind, origin);
    match user {
        Some(user) => event.user(user.id),
        None => event.detail("address_digest", email::fingerprint(&app.sealer, typed)),
    }
}

/// With the event, and what the password was counted by. `sprayed`: recorded when it was tried from too many addresses.
async fn record_failure(app: &App, event: Event, (tried, sprayed): (Tried, Event)) -> store::Result<()> {
    let (now, counts) = (app.now(), app.config.limits.enabled);
    let job = Arc::new((event, tried, sprayed));
    let written = Arc::clone(&job);
    let too_many = app.store.write(move |conn| {
        let job = Arc::clone(&written);
        Box::pin(async move {
            audit::record(conn, &job.0, now).await?;
            if counts { job.1.count_within(conn, &job.2, now).await } else { Ok(false) }
        })
    });
    if too_many.await? {
        job.1.keep_out(app);
    }
    Ok(())
}

/// A sign-in does not fail because its hash could not be made stronger: the next one tries again.
async fn replace_hash(app: &App, user: &User, new_hash: String) {
    let Some(old_hash) = user.password_hash.clone() else { return };
    let id = user.id;
    let replaced = app
        .store
        .write_one(move |conn| {
            let (old_hash, new_hash) = (old_hash.clone(), new_hash.clone());
            Box::pin(async move { users::update_password_hash(conn, id, &old_hash, &new_hash).await })
        })
        .await;
    if let Err(error) = replaced {
        tracing::warn!(user_id = %id, %error, "password hash not replaced by a stronger one");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::secret;

    fn ada() -> User {
        User {
            id: secret::random_id(),
            email: "ada@example.com".to_owned(),
            email_verified: true,
            profile: users::Profile::default(),
            password_hash: Some("$argon2id$…".to_owned()),
            enabled: true,
            suspended: false,
            administrator: false,
            auth_epoch: 0,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            last_sign_in_at: None,
        }
    }

    const RIGHT: Verdict = Verdict::Right { rehash: None };

    fn reason(user: Option<&User>, verdict: &Verdict) -> Option<Reason> {
        refusal(user, verdict)
    }

    #[test]
    fn only_the_right_password_of_an_enabled_account_passes() {
        assert_eq!(reason(Some(&ada()), &RIGHT), None);
        assert_eq!(reason(Some(&ada()), &Verdict::Wrong), Some(Reason::WrongPassword));
        assert_eq!(reason(Some(&User { enabled: false, ..ada() }), &RIGHT), Some(Reason::Disabled));
        assert_eq!(reason(Some(&User { suspended: true, ..ada() }), &RIGHT), Some(Reason::Suspended));
        assert_eq!(reason(Some(&User { enabled: false, ..ada() }), &Verdict::Wrong), Some(Reason::WrongPassword));
        assert_eq!(reason(Some(&User { password_hash: None, ..ada() }), &Verdict::Wrong), Some(Reason::NoPassword));
        assert_eq!(reason(None, &Verdict::Wrong), Some(Reason::Unknown));
        assert_eq!(reason(None, &RIGHT), Some(Reason::Unknown));
    }
}
