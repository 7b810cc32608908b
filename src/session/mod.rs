//! Browser sessions: start, current, end.
//!
//! Owns: the session cookie, the flow cookie and the cookie of a pending sign-in; [`start`], the one place that turns proofs into a session and asks whether
//! a second factor is missing; [`end`], with everything that ends with it.
//! Must not: verify credentials (`account`), or know about authorization requests.
//! OWASP ASVS 5 §7, OpenID Connect Back-Channel Logout §2.3 (what is sent when a session ends).

pub mod browser;
mod end;
mod factors;
mod level;
pub mod pending;
mod proof;
mod rotate;
mod start;

pub use end::{end, end_all_within, end_others_within, end_suspended, end_within};
pub use factors::{Factors, factors};
pub use level::{AAL1, AAL2};
pub use proof::{PasswordProof, Proofs, SecondFactor, SecondFactorProof};
pub use rotate::{Rotation, confirm, raise_epoch_within};
pub use start::{Start, Started, start};

use crate::app::App;
use crate::audit;
use crate::clock::Timestamp;
use crate::config;
use crate::secret::Digest;
use crate::store;
use crate::store::sessions::{self, Session};
use crate::store::users::User;
use crate::web::Visit;
use crate::web::cookies::Cookie;

/// A live session and its person.
#[derive(Clone, Debug)]
pub struct Current {
    pub session: Session,
    pub user: User,
}

/// Where a visit comes from, for audit events.
#[must_use]
pub fn origin(visit: &Visit) -> audit::Origin {
    audit::Origin { address: Some(visit.address), request_id: Some(visit.request_id.clone()), device: visit.device() }
}

/// The session behind this browser's cookie: one read, none without a cookie.
///
/// # Errors
/// The store's.
pub async fn current(app: &App, visit: &Visit) -> store::Result<Option<Current>> {
    let Some(secret) = visit.cookie(Cookie::Session.name(&app.issuer)) else { return Ok(None) };
    let digest = Digest::of(secret.as_bytes());
    let found = sessions::find_live(&app.store.read(), &digest, app.now(), app.config.session.idle.0).await?;
    let now = app.now();
    Ok(found.map(|(session, user)| Current { session: doubting(session, now), user }))
}

/// A proof that lies ahead was given by a clock that was wrong. It is an old one: it must neither answer `prompt=login` nor open what asks for a fresh proof
/// until its time has come.
fn doubting(session: Session, now: Timestamp) -> Session {
    let auth_time = if now.is_before(session.auth_time) { Timestamp::default() } else { session.auth_time };
    let second_factor_at = session.second_factor_at.map(|at| if now.is_before(at) { Timestamp::default() } else { at });
    Session { auth_time, second_factor_at, ..session }
}

/// Notes that the session was used, at most every tenth of the idle time.
///
/// # Errors
/// The store's.
pub async fn touch(app: &App, session: &Session) -> store::Result<()> {
    let (id, now) = (session.id, app.now());
    if !is_due(session, now, &app.config.session) {
        return Ok(());
    }
    app.store.write_one(move |conn| Box::pin(sessions::update_last_seen(conn, id, now))).await
}

/// Whether its use is to be noted: so that a busy browser costs one write in a while, and a session ends at most a tenth of the idle time too early.
#[must_use]
pub fn is_due(session: &Session, now: Timestamp, config: &config::Session) -> bool {
    now.since(session.last_seen_at).saturating_mul(10) >= session.idle_within(config.idle.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret;

    fn session(now: Timestamp) -> Session {
        Session {
            id: secret::id(now),
            user_id: secret::random_id(),
            digest: Digest::of(b"cookie"),
            created_at: now,
            auth_time: now,
            last_seen_at: now,
            expires_at: now.plus(Duration::from_hours(12)),
            amr: vec!["pwd".to_owned()],
            acr: "aal1".to_owned(),
            epoch: 0,
            ended_at: None,
            second_factor_at: Some(now),
            device: None,
            address: None,
            idle: None,
        }
    }

    #[test]
    fn a_session_is_noted_as_used_every_tenth_of_its_idle_time() {
        let now = Timestamp::from_secs(1_000_000);
        let session = session(now);
        let config = config::Session::default();
        assert!(!is_due(&session, now.plus(Duration::from_secs(359)), &config));
        assert!(is_due(&session, now.plus(Duration::from_mins(6)), &config));
        assert!(!is_due(&session, now.minus(Duration::from_mins(6)), &config));
    }

    #[test]
    fn what_was_proved_by_a_clock_that_was_ahead_is_an_old_proof() {
        let now = Timestamp::from_secs(1_000_000);
        let proofs = |session: Session| (session.auth_time, session.second_factor_at);
        assert_eq!(proofs(doubting(session(now), now)), (now, Some(now)));
        let ahead = now.plus(Duration::from_hours(6));
        assert_eq!(proofs(doubting(session(ahead), now)), (Timestamp::default(), Some(Timestamp::default())));
    }
}
