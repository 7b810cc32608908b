//! How much trying a second factor bears: counted before anything is checked, for the person, not for the session or the address.
//!
//! A browser in which the person signed in before has a budget of its own: whoever knows the password, and no more, cannot use up the owner's tries.
//! NIST SP 800-63B §3.2.2: at most 100 failures in a row. OWASP ASVS 5 §6.6.3.

use std::time::Duration;

use uuid::Uuid;

use super::Scene;
use crate::account::known_device;
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Limits;
use crate::store::factor_attempts::{self, Attempts, Rules};
use crate::store::users::User;
use crate::store::{self, Conn, failures};
use crate::web::Visit;

/// No try may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub wait: Duration,
    /// Not by waiting alone: only after a confirmation by mail.
    pub at_ceiling: bool,
}

/// What was counted of a try.
#[derive(Clone, Debug)]
pub struct Counted {
    /// In a row.
    pub failures: i32,
    /// The last one that is borne of strangers in a day, and how many those are: the owner is told that somebody knows the password.
    pub told_at: Option<u32>,
    /// Where it was counted; none: with everybody's.
    device_key: Option<String>,
}

/// Whose tries are counted, and where.
#[derive(Clone, Debug)]
pub struct Counter {
    user_id: Uuid,
    device: Option<Uuid>,
    rules: Rules,
    device_rules: failures::Rules,
}

impl Counter {
    #[must_use]
    pub fn of(scene: &Scene) -> Self {
        Self::made(&scene.app().config.limits, scene.user.id, scene.known_device)
    }

    #[must_use]
    pub fn here(app: &App, visit: &Visit, user: &User) -> Self {
        Self::made(&app.config.limits, user.id, known_device::id(app, visit, user))
    }

    /// For this person, in a browser that knows them or in any other.
    #[must_use]
    pub fn made(limits: &Limits, user_id: Uuid, device: Option<Uuid>) -> Self {
        let rules = rules(limits);
        let device_rules = failures::Rules { ceiling: whole(limits.known_device_ceiling), ..rules.row };
        Self { user_id, device, rules, device_rules }
    }

    /// The browser that knows them, if it is one.
    #[must_use]
    pub const fn device(&self) -> Option<Uuid> {
        self.device
    }

    /// Counts a try. What was counted so far with it, or that it must not be made.
    ///
    /// # Errors
    /// The store's.
    pub async fn count(&self, conn: &Conn<'_>, now: Timestamp) -> store::Result<Result<Counted, Blocked>> {
        if let Some(key) = self.device_key() {
            let counted = failures::redeem(conn, &key, self.user_id, &self.device_rules, now).await?;
            let row = failures::find(conn, &key).await?.unwrap_or_default();
            if counted {
                return Ok(Ok(Counted { failures: row.failures, told_at: None, device_key: Some(key) }));
            }
            if row.failures < self.device_rules.ceiling {
                return Ok(Err(Blocked { wait: row.blocked_until.since(now), at_ceiling: false }));
            }
        }
        let counted = factor_attempts::redeem(conn, self.user_id, &self.rules, now).await?;
        let attempts = factor_attempts::find(conn, self.user_id).await?;
        if counted {
            let most = self.rules.window_failures;
            let told_at = (attempts.window_failures == most).then_some(most.unsigned_abs());
            return Ok(Ok(Counted { failures: attempts.failures, told_at, device_key: None }));
        }
        Ok(Err(self.blocked(&attempts, now).unwrap_or(Blocked { wait: self.rules.row.pause, at_ceiling: false })))
    }

    /// Whether tries are refused now: for a page that is to say so before anything is typed.
    ///
    /// # Errors
    /// The store's.
    pub async fn find_blocked(&self, conn: &Conn<'_>, now: Timestamp) -> store::Result<Option<Blocked>> {
        if let Some(key) = self.device_key() {
            let row = failures::find(conn, &key).await?.unwrap_or_default();
            if row.failures < self.device_rules.ceiling {
                let left = self.device_rules.left(row.blocked_until, now);
                return Ok(left.map(|wait| Blocked { wait, at_ceiling: false }));
            }
        }
        Ok(self.blocked(&factor_attempts::find(conn, self.user_id).await?, now))
    }

    /// Gives a try back that was right. `proves_little`: a code by mail says nothing about who guesses the codes of the app, so the failures before it
    /// stay.
    ///
    /// # Errors
    /// The store's.
    pub async fn give_back(&self, conn: &Conn<'_>, counted: &Counted, proves_little: bool) -> store::Result<()> {
        match (&counted.device_key, proves_little) {
            (Some(key), true) => failures::update_given_back(conn, key).await,
            (Some(key), false) => failures::revoke(conn, key).await.map(drop),
            (None, true) => factor_attempts::update_given_back(conn, self.user_id).await,
            (None, false) => {
                // A device that had used up its own budget has it back, too: it is its person's after all.
                if let Some(key) = self.device_key() {
                    failures::revoke(conn, &key).await?;
                }
                factor_attempts::update_succeeded(conn, self.user_id).await
            }
        }
    }

    /// Forgets what was counted here and of strangers: the person has proved by mail that it is them.
    ///
    /// # Errors
    /// The store's.
    pub async fn lift(&self, conn: &Conn<'_>) -> store::Result<()> {
        if let Some(key) = self.device_key() {
            failures::revoke(conn, &key).await?;
        }
        factor_attempts::revoke(conn, self.user_id).await
    }

    fn device_key(&self) -> Option<String> {
        self.device.map(|device| format!("code:{}:{device}", self.user_id))
    }

    fn blocked(&self, attempts: &Attempts, now: Timestamp) -> Option<Blocked> {
        if attempts.failures >= self.rules.row.ceiling {
            return Some(Blocked { wait: self.rules.window, at_ceiling: true });
        }
        let until = self.rules.blocked_until(attempts, now);
        (until > now).then(|| Blocked { wait: until.since(now), at_ceiling: false })
    }
}

/// For everybody but known devices.
#[must_use]
pub fn rules(limits: &Limits) -> Rules {
    let row = failures::Rules {
        free: whole(limits.code_free),
        pause: limits.code_pause.0,
        longest_pause: limits.code_longest_pause.0,
        ceiling: whole(limits.code_ceiling),
    };
    Rules { row, window_failures: whole(limits.code_window_failures), window: limits.code_window.0 }
}

/// Of a setting.
pub(super) fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_and_the_ceiling_block() {
        let now = Timestamp::from_secs(1_000);
        let counter = Counter::made(&Limits::default(), Uuid::nil(), None);
        let attempts = |failures, until| Attempts { failures, blocked_until: Timestamp::from_secs(until), ..Attempts::default() };
        assert_eq!(counter.blocked(&attempts(4, 0), now), None);
        assert_eq!(counter.blocked(&attempts(5, 1_000), now), None);
        assert_eq!(counter.blocked(&attempts(6, 1_060), now), Some(Blocked { wait: Duration::from_mins(1), at_ceiling: false }));
        assert!(counter.blocked(&attempts(100, 0), now).is_some_and(|blocked| blocked.at_ceiling));
        let day =
            |failures, begun| Attempts { window_failures: failures, window_started_at: Timestamp::from_secs(begun), ..attempts(0, 0) };
        assert_eq!(counter.blocked(&day(9, 1_000), now), None);
        assert_eq!(counter.blocked(&day(10, 1_000), now), Some(Blocked { wait: Duration::from_hours(24), at_ceiling: false }));
        assert_eq!(counter.blocked(&day(10, 1_000), now.plus(Duration::from_hours(24))), None);
    }

    /// Ten a day at a window of three steps: a year of guessing finds one code of a hundred people.
    #[test]
    fn a_year_of_guesses_is_few() {
        let rules = rules(&Limits::default());
        let windows = Duration::from_hours(24 * 365).as_secs() / rules.window.as_secs();
        let guesses = windows * u64::from(rules.window_failures.unsigned_abs());
        assert!(guesses * 3 < 1_000_000 / 90, "{guesses}");
    }
}
