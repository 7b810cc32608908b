//! Turning proofs into a session.

use http::HeaderValue;

use super::end::{end_within, ended};
use super::proof::PasswordProof;
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::config;
use crate::secret::{self, Digest};
use crate::store::sessions::{self, Session};
use crate::store::users::{self, User};
use crate::store::{self, Conn};
use crate::web::Visit;
use crate::web::cookies::Cookie;

/// How somebody who gave a password was authenticated: RFC 8176 §2, and our own name of NIST's first assurance level.
const AMR_PASSWORD: &str = "pwd";
const ACR_ONE_FACTOR: &str = "aal1";

/// A session that has just begun, and the cookie that carries it.
#[derive(Debug)]
pub struct Started {
    pub session: Session,
    pub set_cookie: HeaderValue,
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Beginning {
    session: Session,
    /// The browser's session so far: of the same person (whose id `session` then has) or of another.
    previous: Option<Session>,
    signed_in: Event,
    replaced: Option<Event>,
    now: Timestamp,
}

/// One transaction: the new session (a new identifier always), the end of the one this browser had, the last sign-in, the audit event.
///
/// A sign-in again of the same person in the same browser keeps the old session's `sid`: what applications learned stays true, only `auth_time` moves.
///
/// # Errors
/// The store's. `Inconsistent` when the proof is somebody else's.
pub async fn start(app: &App, visit: &Visit, user: &User, proof: PasswordProof, origin: &audit::Origin) -> store::Result<Started> {
    if proof.user_id() != user.id {
        return Err(store::Error::Inconsistent { table: "sessions", detail: "the proof is of another person".to_owned() });
    }
    let previous = super::current(app, visit).await?.map(|current| current.session);
    if let Some(started) = attempt(app, visit, (user, &proof), previous, origin).await? {
        return Ok(started);
    }
    // Signed out in another tab a moment ago: what has ended is not taken up again.
    attempt(app, visit, (user, &proof), None, origin).await?.ok_or(store::Error::NotFound("session"))
}

/// `None` when the session to be taken up again has ended meanwhile.
async fn attempt(
    app: &App,
    visit: &Visit,
    (user, proof): (&User, &PasswordProof),
    previous: Option<Session>,
    origin: &audit::Origin,
) -> store::Result<Option<Started>> {
    let cookie = secret::random_token();
    let session = session(user, proof, Digest::of(cookie.as_bytes()), previous.as_ref(), &app.config.session);
    let session = Session { device: visit.device(), address: Some(visit.address.to_canonical().to_string()), ..session };
    let replaced = previous.as_ref().filter(|previous| previous.id != session.id);
    let beginning = Beginning {
        signed_in: Event::new(Kind::SignInSucceeded, origin).user(user.id).session(session.id).detail("amr", session.amr.clone()),
        replaced: replaced.map(|previous| ended(Kind::SessionEnded, previous, origin).detail("reason", "another_person")),
        now: app.now(),
        previous,
        session: session.clone(),
    };
    let outcome = app
        .store
        .write(move |conn| {
            let beginning = beginning.clone();
            Box::pin(async move { begin(conn, &beginning).await })
        })
        .await?;
    match outcome {
        Outcome::Gone => return Ok(None),
        Outcome::Begun { told: true } => app.logout_waiting.notify_one(),
        Outcome::Begun { told: false } => {}
    }
    Ok(Some(Started { session, set_cookie: Cookie::Session.set(&app.issuer, &cookie, None) }))
}

enum Outcome {
    /// `told`: applications wait to be told of the end of the session before.
    Begun {
        told: bool,
    },
    Gone,
}

/// The session as it will be: with the id of the browser's session when that is the same person's.
fn session(user: &User, proof: &PasswordProof, digest: Digest, previous: Option<&Session>, config: &config::Session) -> Session {
    let at = proof.at();
    let again = previous.filter(|previous| previous.user_id == user.id);
    Session {
        id: again.map_or_else(|| secret::id(at), |previous| previous.id),
        user_id: user.id,
        digest,
        created_at: again.map_or(at, |previous| previous.created_at),
        auth_time: at,
        last_seen_at: at,
        expires_at: at.plus(config.absolute.0),
        amr: vec![AMR_PASSWORD.to_owned()],
        acr: ACR_ONE_FACTOR.to_owned(),
        // As read before the password was checked: had it changed meanwhile, the session would be born dead.
        epoch: user.auth_epoch,
        ended_at: None,
        second_factor_at: None,
        device: None,
        address: None,
    }
}

async fn begin(conn: &Conn<'_>, beginning: &Beginning) -> store::Result<Outcome> {
    let Beginning { session, previous, signed_in, replaced, now } = beginning;
    let mut told = false;
    match (previous, replaced) {
        (Some(previous), Some(event)) => {
            told = !end_within(conn, previous, event, *now).await?.is_empty();
            sessions::insert(conn, session).await?;
        }
        (Some(_), None) if !sessions::renew(conn, session).await? => return Ok(Outcome::Gone),
        (Some(_), None) => {}
        (None, _) => sessions::insert(conn, session).await?,
    }
    users::update_last_sign_in(conn, session.user_id, *now).await?;
    audit::record(conn, signed_in, *now).await?;
    Ok(Outcome::Begun { told })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn person() -> User {
        User {
            id: secret::random_id(),
            email: "ada@example.com".to_owned(),
            email_verified: false,
            profile: users::Profile::default(),
            password_hash: None,
            enabled: true,
            administrator: false,
            auth_epoch: 3,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            last_sign_in_at: None,
        }
    }

    fn begin_for(user: &User, at: Timestamp, previous: Option<&Session>) -> Session {
        let proof = PasswordProof::witnessed(user.id, at);
        session(user, &proof, Digest::of(&secret::random_bytes::<8>()), previous, &config::Session::default())
    }

    #[test]
    fn the_first_sign_in_makes_a_session_of_its_own() {
        let (ada, at) = (person(), Timestamp::from_secs(1000));
        let session = begin_for(&ada, at, None);
        assert_eq!((session.user_id, session.auth_time, session.created_at, session.epoch), (ada.id, at, at, 3));
        assert_eq!((session.amr.as_slice(), session.acr.as_str()), (["pwd".to_owned()].as_slice(), "aal1"));
        assert_eq!(session.expires_at, at.plus(Duration::from_hours(12)));
    }

    #[test]
    fn signing_in_again_keeps_the_sid_and_moves_auth_time_and_cookie() {
        let ada = person();
        let first = begin_for(&ada, Timestamp::from_secs(1000), None);
        let again = begin_for(&ada, Timestamp::from_secs(2000), Some(&first));
        assert_eq!((again.id, again.created_at), (first.id, first.created_at));
        assert_eq!(again.auth_time, Timestamp::from_secs(2000));
        assert_ne!(again.digest, first.digest);
    }

    #[test]
    fn another_person_in_the_same_browser_gets_another_session() {
        let first = begin_for(&person(), Timestamp::from_secs(1000), None);
        assert_ne!(begin_for(&person(), Timestamp::from_secs(2000), Some(&first)).id, first.id);
    }
}
