//! Signing in with a passkey alone: it says who the person is, and its authenticator has verified them, so it is both factors in one
//! (NIST SP 800-63B §3.1.6, multi-factor cryptographic authentication).

use std::time::Duration;

use webauthn_rs::prelude::{DiscoverableAuthentication, PublicKeyCredential};

use super::assertion::Assertion;
use super::ceremony::{Answer, open};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::config::Quota;
use crate::mfa::verify::{self, Verdict};
use crate::mfa::{Blocked, Scene};
use crate::organization;
use crate::session::{self, SecondFactorProof};
use crate::store::buckets::{self, Take};
use crate::store::passkeys::{self, Passkey};
use crate::store::users::{self, User};
use crate::store::{self, user_security};
use crate::telemetry::metrics::{Method, Outcome};
use crate::web::{Locale, Visit, address};

/// Refusals of one person's passkeys, or unknown ones, from one address that are recorded: whoever sends nonsense must not fill the log with it.
const RECORDED: Quota = Quota { burst: 5, per: Duration::from_mins(10) };

/// How it ended.
#[derive(Debug)]
pub enum Attempt {
    Proven {
        user: Box<User>,
        proof: SecondFactorProof,
    },
    /// The page was too old, or not this one's: nothing was tried.
    Stale,
    /// Unknown passkey, wrong answer, an account that may not sign in: told apart in the audit log only.
    Refused,
    Blocked(Blocked),
}

/// Looks the person up by their passkey and verifies its answer. A refused attempt leaves an audit event. `browser`: the flow cookie's value.
///
/// # Errors
/// The store's.
pub async fn sign_in(app: &App, visit: &Visit, locale: Locale, (answer, browser): (Answer<'_>, Option<&str>)) -> store::Result<Attempt> {
    let Some(sealed) = open::<DiscoverableAuthentication>(app, browser, None, answer) else { return Ok(Attempt::Stale) };
    let Some(credential) = answer.credential::<PublicKeyCredential>() else { return Ok(Attempt::Stale) };
    let found = passkeys::find(&app.store.read(), credential.get_credential_id()).await?;
    // The person is whom the authenticator names, and the credential is theirs (WebAuthn §7.2 step 6).
    let Some(passkey) = found.filter(|found| credential.get_user_unique_id() == Some(found.user_id.as_bytes().as_slice())) else {
        return refuse(app, visit, None, "unknown_passkey").await;
    };
    let Some(user) = users::find(&app.store.read(), passkey.user_id).await? else {
        return refuse(app, visit, None, "unknown_passkey").await;
    };
    if let Some(reason) = obstacle(app, &user, &passkey).await? {
        return refuse(app, visit, Some(&user), reason).await;
    }
    let scene = Scene::of(app, visit, &user, locale, None);
    Ok(match verify::passkey(&scene, None, Assertion::new(sealed, credential, Some(&passkey))).await? {
        Verdict::Proven(proof) => Attempt::Proven { user: Box::new(user), proof },
        Verdict::Refused { .. } => Attempt::Refused,
        Verdict::Blocked(blocked) => Attempt::Blocked(blocked),
    })
}

/// A person's passkeys that stand in place of their password.
///
/// # Errors
/// The store's.
pub async fn list_alone(app: &App, user: &User) -> store::Result<Vec<Passkey>> {
    let mut alone = Vec::new();
    for passkey in passkeys::list(&app.store.read(), user.id).await? {
        if obstacle(app, user, &passkey).await?.is_none() {
            alone.push(passkey);
        }
    }
    Ok(alone)
}

/// Whether what was answered is a passkey of this person's that stands in place of their password. It is not verified yet.
///
/// # Errors
/// The store's.
pub async fn stands_alone(app: &App, user: &User, answer: Answer<'_>) -> store::Result<bool> {
    let Some(credential) = answer.credential::<PublicKeyCredential>() else { return Ok(false) };
    let found = passkeys::find(&app.store.read(), credential.get_credential_id()).await?;
    let Some(passkey) = found.filter(|found| found.user_id == user.id) else { return Ok(false) };
    Ok(obstacle(app, user, &passkey).await?.is_none())
}

/// Why this account does not take a passkey in place of its password. After "This wasn't me" the password is gone, too, until it was reset by mail, and
/// passkeys of before are second factors only.
async fn obstacle(app: &App, user: &User, passkey: &Passkey) -> store::Result<Option<&'static str>> {
    let read = app.store.read();
    let frozen = user_security::find(&read, user.id).await?.frozen_at.is_some();
    let allowed = organization::policy(&read, &app.config, user.id).await?.passkeys;
    Ok(match (user.is_active(), frozen, passkey.alone, allowed) {
        (false, ..) => Some("disabled"),
        (_, true, ..) => Some("frozen"),
        (_, _, false, _) => Some("second_factor_only"),
        (.., false) => Some("passkeys_not_allowed"),
        _ => None,
    })
}

async fn refuse(app: &App, visit: &Visit, user: Option<&User>, reason: &'static str) -> store::Result<Attempt> {
    let event = Event::new(Kind::SignInFailed, &session::origin(visit)).detail("method", "passkey").detail("reason", reason);
    let (whose, event) = match user {
        Some(user) => (user.id.to_string(), event.user(user.id)),
        None => (String::new(), event),
    };
    let (key, now) = (format!("limited:passkey:{}:{whose}", address::class(visit.address)), app.now());
    let recorded = app.store.write(move |conn| {
        let (event, key) = (event.clone(), key.clone());
        Box::pin(async move {
            if buckets::take(conn, &key, RECORDED, now).await? == Take::Given {
                audit::record(conn, &event, now).await?;
            }
            Ok(())
        })
    });
    recorded.await?;
    app.metrics.signed_in(Method::Passkey, Outcome::Wrong);
    Ok(Attempt::Refused)
}
