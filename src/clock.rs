//! Time. The only place that asks the machine what time it is.
//!
//! Owns: [`Timestamp`], [`Clock`] and its two implementations. Must not: know anything of the service.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. All arithmetic saturates: a clock that is
/// wrong by centuries must not make a comparison wrap around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down: the `NumericDate` of RFC 7519 §2.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(duration)))
    }

    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(duration)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// By how much the clocks of two replicas, or of one machine before and after it was set right, may differ (FAPI 2.0 §5.3.2.1 refuses more than this).
pub const SKEW: Duration = Duration::from_mins(1);

impl Timestamp {
    /// Whether `then` was less than `window` ago. What lies further ahead than clocks differ is not: it was written by a clock that was wrong, and would
    /// count as fresh until that time has come.
    #[must_use]
    pub fn is_within(self, window: Duration, then: Self) -> bool {
        self.since(then) < window && !self.is_before(then)
    }

    /// This, or `now` where this is no time at all: what was proved at nobody knows what time lives from now on, and not from 1970.
    #[must_use]
    pub fn known_or(self, now: Self) -> Self {
        if self == Self::default() { now } else { self }
    }

    /// Whether `then` lies further ahead than clocks differ.
    #[must_use]
    pub fn is_before(self, then: Self) -> bool {
        then > self.plus(SKEW)
    }
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Where the service gets the time from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(millis_of(since_epoch))
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.0))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(millis_of(by), Ordering::SeqCst);
    }

    pub fn set(&self, to: Timestamp) {
        self.0.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_ahead_is_not_fresh() {
        let (now, window) = (Timestamp::from_secs(10_000), Duration::from_mins(5));
        let within = |secs: i64| now.is_within(window, Timestamp::from_secs(secs));
        assert!(within(10_000) && within(9_701) && within(10_059), "replicas differ by a little");
        assert!(!within(9_700) && !within(10_061) && !within(13_600));
    }
}
