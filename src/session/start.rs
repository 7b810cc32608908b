//! Turning proofs into a session.

use http::HeaderValue;

use super::end::{end_within, ended};
use super::level::{self, Level};
use super::proof::{First, Proofs};
use super::{factors, pending};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::config;
use crate::organization::{self, Policy};
use crate::secret::{self, Digest};
use crate::store::sessions::{self, Session};
use crate::store::users::{self, User};
use crate::store::{self, Conn, pending_sign_ins, recovery_codes};
use crate::web::cookies::Cookie;
use crate::web::{Visit, device};

/// What became of the proofs.
#[derive(Debug)]
pub enum Start {
    Begun(Box<Started>),
    /// This person has a second factor, or must have one, and the proofs have none: nothing was written. The way on is [`pending::begin`].
    SecondFactorMissing(Proofs),
    /// What the second factor was to come on top of is gone: a pending sign-in that was used or timed out, a session that ended.
    Gone,
}

/// A session that has just begun, and the cookies to set: the session's own, and what goes with it.
#[derive(Debug)]
pub struct Started {
    pub session: Session,
    pub set_cookie: HeaderValue,
    /// The pending sign-in's cookie, taken away.
    pub remove_pending: Option<HeaderValue>,
}

/// Browsers in which one person is signed in at once. The one unused for longest makes room: whatever ends all sessions of a person is one transaction, and
/// must stay a short one.
const MOST_SESSIONS: u64 = 50;

/// What is not there when a pending sign-in was used or timed out: everything else is rolled back with it.
const PENDING: &str = "pending sign-in";

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Beginning {
    app: App,
    session: Session,
    /// The browser's session so far: of the same person (whose id `session` then has) or of another.
    previous: Option<Session>,
    /// The pending sign-in that becomes this session: its id and epoch.
    pending: Option<(uuid::Uuid, i64)>,
    /// A second factor was set up in it.
    enrolled: bool,
    second_factor_given: bool,
    signed_in: Event,
    replaced: Option<Event>,
    now: Timestamp,
}

/// One transaction: whether a second factor is missing, the new session (a new identifier always), the end of the one this browser had, the last
/// sign-in, the audit event. The only place that makes a session.
///
/// A sign-in again of the same person in the same browser keeps the old session's `sid`: what applications learned stays true, only `auth_time` moves.
///
/// # Errors
/// The store's. `Inconsistent` when a proof is somebody else's.
pub async fn start(app: &App, visit: &Visit, user: &User, proofs: Proofs, origin: &audit::Origin) -> store::Result<Start> {
    if !proofs.are_of(user.id) {
        return Err(store::Error::Inconsistent { table: "sessions", detail: "a proof is of another person".to_owned() });
    }
    let previous = match &proofs.first {
        First::Session(session) => Some((**session).clone()),
        _ => super::current(app, visit).await?.map(|current| current.session),
    };
    let attempt = Attempt { app, visit, user, proofs: &proofs, origin };
    let run = match attempt.run(previous).await? {
        // Signed out in another tab a moment ago: what has ended is not taken up again.
        Run::Gone if !matches!(proofs.first, First::Session(_)) => attempt.run(None).await?,
        run => run,
    };
    Ok(match run {
        Run::Begun(started) => Start::Begun(started),
        Run::SecondFactorMissing => Start::SecondFactorMissing(proofs),
        Run::Gone => Start::Gone,
    })
}

enum Run {
    Begun(Box<Started>),
    SecondFactorMissing,
    Gone,
}

/// What there is to start with.
struct Attempt<'a> {
    app: &'a App,
    visit: &'a Visit,
    user: &'a User,
    proofs: &'a Proofs,
    origin: &'a audit::Origin,
}

impl Attempt<'_> {
    /// `Gone` also when the session to be taken up again has ended meanwhile.
    async fn run(&self, previous: Option<Session>) -> store::Result<Run> {
        let Self { app, user, origin, .. } = self;
        let cookie = secret::random_token();
        let session = self.session(Digest::of(cookie.as_bytes()), previous.as_ref());
        let replaced = previous.as_ref().filter(|previous| previous.id != session.id);
        let beginning = Beginning {
            app: App::clone(app),
            signed_in: Event::new(Kind::SignInSucceeded, origin).user(user.id).session(session.id).detail("amr", session.amr.clone()),
            replaced: replaced.map(|previous| ended(Kind::SessionEnded, previous, origin).detail("reason", "another_person")),
            now: app.now(),
            previous,
            pending: self.pending(),
            enrolled: matches!(&self.proofs.first, First::Pending(pending) if pending.is_enrolled()),
            second_factor_given: self.proofs.second.is_some(),
            session,
        };
        let outcome = app
            .store
            .write(move |conn| {
                let beginning = beginning.clone();
                Box::pin(async move { begin(conn, &beginning).await })
            })
            .await;
        let outcome = match outcome {
            Err(store::Error::NotFound(PENDING)) => Outcome::Gone,
            outcome => outcome?,
        };
        let (told, session) = match outcome {
            Outcome::Gone => return Ok(Run::Gone),
            Outcome::SecondFactorMissing => return Ok(Run::SecondFactorMissing),
            Outcome::Begun { told, session } => (told, *session),
        };
        if told {
            app.logout_waiting.notify_one();
        }
        let remove_pending = self.visit.cookie(Cookie::PendingSignIn.name(&app.issuer)).map(|_| pending::forget(app));
        Ok(Run::Begun(Box::new(Started { session, set_cookie: Cookie::Session.set(&app.issuer, &cookie, None), remove_pending })))
    }

    fn pending(&self) -> Option<(uuid::Uuid, i64)> {
        let First::Pending(pending) = &self.proofs.first else { return None };
        Some((pending.row().id, pending.row().epoch))
    }

    fn session(&self, digest: Digest, previous: Option<&Session>) -> Session {
        let session = session(self.user, level::of(self.proofs), digest, previous, self.app.now());
        // A second factor on top of a session does not make it live longer.
        let expires_at = match &self.proofs.first {
            First::Session(session) => session.expires_at,
            _ => session.auth_time.plus(self.app.config.session.absolute.0),
        };
        let address = self.visit.address.to_canonical().to_string();
        Session { expires_at, device: device::describe(self.visit), address: Some(address), ..session }
    }
}

/// The session as it will be: with the id of the browser's session when that is the same person's.
fn session(user: &User, level: Level, digest: Digest, previous: Option<&Session>, now: Timestamp) -> Session {
    let again = previous.filter(|previous| previous.user_id == user.id);
    Session {
        id: again.map_or_else(|| secret::id(now), |previous| previous.id),
        user_id: user.id,
        digest,
        created_at: again.map_or(now, |previous| previous.created_at),
        auth_time: level.auth_time,
        last_seen_at: now,
        expires_at: now,
        amr: level.amr,
        acr: level.acr.to_owned(),
        // As read before the proofs were checked: had it changed meanwhile, the session would be born dead.
        epoch: user.auth_epoch,
        ended_at: None,
        second_factor_at: level.second_factor_at,
        device: None,
        address: None,
        idle: None,
    }
}

enum Outcome {
    /// `told`: applications wait to be told of the end of the session before.
    Begun {
        told: bool,
        session: Box<Session>,
    },
    SecondFactorMissing,
    Gone,
}

async fn begin(conn: &Conn<'_>, beginning: &Beginning) -> store::Result<Outcome> {
    let Beginning { app, previous, pending, signed_in, replaced, now, .. } = beginning;
    let policy = if beginning.second_factor_given {
        organization::policy(conn, &app.config, beginning.session.user_id).await?
    } else {
        let factors = factors::factors(conn, &app.config, beginning.session.user_id).await?;
        if factors.are_asked() {
            return Ok(Outcome::SecondFactorMissing);
        }
        factors.policy
    };
    let session = &within(&policy, &app.config.session, &beginning.session);
    let mut told = false;
    match (previous, replaced) {
        (Some(previous), Some(event)) => {
            told = !end_within(conn, previous, event, *now).await?.is_empty();
            told |= insert(conn, session, *now).await?;
        }
        (Some(_), None) if !sessions::renew(conn, session).await? => return Ok(Outcome::Gone),
        (Some(_), None) => {}
        (None, _) => told = insert(conn, session, *now).await?,
    }
    if let Some((id, epoch)) = pending
        && !pending_sign_ins::redeem(conn, *id, *epoch, *now).await?
    {
        return Err(store::Error::NotFound(PENDING));
    }
    if let Some((id, _)) = pending
        && beginning.enrolled
    {
        recovery_codes::update_shown_to(conn, session.user_id, *id, session.id).await?;
    }
    users::update_last_sign_in(conn, session.user_id, *now).await?;
    audit::record(conn, signed_in, *now).await?;
    Ok(Outcome::Begun { told, session: Box::new(session.clone()) })
}

/// One more session, and the end of those that are one too many. Whether applications wait to be told of one.
async fn insert(conn: &Conn<'_>, session: &Session, now: Timestamp) -> store::Result<bool> {
    let mut told = false;
    for surplus in sessions::list_surplus_by_user(conn, session.user_id, MOST_SESSIONS.saturating_sub(1), now).await? {
        let event = ended(Kind::SessionEnded, &surplus, &audit::Origin::default()).detail("reason", "too_many_sessions");
        told |= !end_within(conn, &surplus, &event, now).await?.is_empty();
    }
    sessions::insert(conn, session).await?;
    Ok(told)
}

/// The session with the lengths its person's organisations allow, where they are shorter than the service's.
fn within(policy: &Policy, service: &config::Session, session: &Session) -> Session {
    let idle = (policy.session_idle < service.idle.0).then_some(policy.session_idle);
    // A second factor on top of a session of a clock that was ahead: its sign-in counts as at no time.
    let begun = session.auth_time.known_or(session.last_seen_at);
    let expires_at = session.expires_at.min(begun.plus(policy.session_absolute));
    Session { expires_at, idle, ..session.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::PasswordProof;

    fn person() -> User {
        User {
            id: secret::random_id(),
            email: "ada@example.com".to_owned(),
            email_verified: false,
            profile: users::Profile::default(),
            password_hash: None,
            enabled: true,
            suspended: false,
            administrator: false,
            auth_epoch: 3,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            last_sign_in_at: None,
        }
    }

    fn begin_for(user: &User, at: Timestamp, previous: Option<&Session>) -> Session {
        let level = level::of(&PasswordProof::witnessed(user.id, at).into());
        session(user, level, Digest::of(&secret::random_bytes::<8>()), previous, at)
    }

    #[test]
    fn the_first_sign_in_makes_a_session_of_its_own() {
        let (ada, at) = (person(), Timestamp::from_secs(1000));
        let session = begin_for(&ada, at, None);
        assert_eq!((session.user_id, session.auth_time, session.created_at, session.epoch), (ada.id, at, at, 3));
        assert_eq!((session.amr.as_slice(), session.acr.as_str()), (["pwd".to_owned()].as_slice(), "aal1"));
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
