//! How much trying a second factor bears: counted before anything is checked, for the person, not for the session or the address.
//!
//! NIST SP 800-63B §3.2.2: at most 100 failures in a row. OWASP ASVS 5 §6.6.3.

use std::time::Duration;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::store::factor_attempts::{self, Attempts, Rules};
use crate::store::{self, Conn};

const RULES: Rules = Rules {
    free: 5,
    pause: Duration::from_secs(30),
    longest_pause: Duration::from_hours(1),
    window: Duration::from_hours(24),
    ceiling: 100,
};

/// Failures within the window at which the owner is told that somebody knows the password.
pub const TOLD_AT: i32 = 10;

/// Wrong codes that one pending sign-in bears; then it begins anew with the password.
pub const PER_SIGN_IN: i32 = 5;

/// No try may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub wait: Duration,
    /// Not by waiting alone: only after a confirmation by mail.
    pub at_ceiling: bool,
}

/// Counts a try. What was counted so far with it, or that it must not be made.
///
/// # Errors
/// The store's.
pub async fn count(conn: &Conn<'_>, user_id: Uuid, now: Timestamp) -> store::Result<Result<Attempts, Blocked>> {
    let counted = factor_attempts::redeem(conn, user_id, &RULES, now).await?;
    let attempts = factor_attempts::find(conn, user_id).await?;
    if counted { Ok(Ok(attempts)) } else { Ok(Err(blocked(&attempts, now).unwrap_or(Blocked { wait: RULES.pause, at_ceiling: false }))) }
}

/// Whether tries are refused now: for a page that is to say so before anything is typed.
///
/// # Errors
/// The store's.
pub async fn find_blocked(conn: &Conn<'_>, user_id: Uuid, now: Timestamp) -> store::Result<Option<Blocked>> {
    Ok(blocked(&factor_attempts::find(conn, user_id).await?, now))
}

fn blocked(attempts: &Attempts, now: Timestamp) -> Option<Blocked> {
    if attempts.failures >= RULES.ceiling {
        return Some(Blocked { wait: RULES.window, at_ceiling: true });
    }
    (attempts.blocked_until > now).then(|| Blocked { wait: attempts.blocked_until.since(now), at_ceiling: false })
}

/// Gives a try back that was right.
///
/// # Errors
/// The store's.
pub async fn give_back(conn: &Conn<'_>, user_id: Uuid) -> store::Result<()> {
    factor_attempts::update_succeeded(conn, user_id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_and_the_ceiling_block() {
        let now = Timestamp::from_secs(1_000);
        let attempts = |failures, until| Attempts { failures, blocked_until: Timestamp::from_secs(until), ..Attempts::default() };
        assert_eq!(blocked(&attempts(4, 0), now), None);
        assert_eq!(blocked(&attempts(5, 1_000), now), None);
        assert_eq!(blocked(&attempts(6, 1_060), now), Some(Blocked { wait: Duration::from_mins(1), at_ceiling: false }));
        assert!(blocked(&attempts(100, 0), now).is_some_and(|blocked| blocked.at_ceiling));
    }

    /// 100 tries at a window of three steps.
    #[test]
    fn a_hundred_guesses_take_more_than_three_days() {
        let (mut pause, mut all) = (RULES.pause, Duration::ZERO);
        for _ in RULES.free..RULES.ceiling {
            all += pause;
            pause = (pause * 2).min(RULES.longest_pause);
        }
        assert!(all > Duration::from_hours(72), "{all:?}");
    }
}
