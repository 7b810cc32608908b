//! Keys that the store's buckets have no more for, until when: so that a flood of refusals, and every request that is none of it, costs no statement.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;

/// More are not remembered: then the store is asked again.
const MOST: usize = 10_000;

/// What is refused by this process without asking.
#[derive(Default)]
pub struct Refused(Mutex<HashMap<String, Refusal>>);

#[derive(Clone, Copy)]
struct Refusal {
    since: Timestamp,
    until: Timestamp,
}

impl Refusal {
    /// One that was noted by a clock that was ahead does not last until that time has come.
    fn holds(self, now: Timestamp) -> bool {
        now < self.until && !now.is_before(self.since)
    }
}

impl Refused {
    /// Until when `key` is refused, if it is.
    #[must_use]
    pub fn until(&self, key: &str, now: Timestamp) -> Option<Timestamp> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(key).copied().filter(|refusal| refusal.holds(now)).map(|refusal| refusal.until)
    }

    /// Runs `check` unless `key` is noted, and notes it until `until` if that fails, all at once: of any number of callers no second one runs it after the
    /// first that failed. `None`: it is noted, or there is no room to note it.
    pub fn check_unless_noted<T, E>(
        &self,
        key: &str,
        until: Timestamp,
        now: Timestamp,
        check: impl FnOnce() -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(key).is_some_and(|noted| noted.holds(now)) {
            return None;
        }
        if noted.len() >= MOST {
            noted.retain(|_, noted| noted.holds(now));
        }
        if noted.len() >= MOST {
            return None;
        }
        let checked = check();
        if checked.is_err() {
            noted.insert(key.to_owned(), Refusal { since: now, until });
        }
        Some(checked)
    }

    /// Refuses `key` from now on.
    pub fn insert(&self, key: String, until: Timestamp, now: Timestamp) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST {
            refused.retain(|_, refusal| refusal.holds(now));
        }
        if refused.len() < MOST {
            refused.insert(key, Refusal { since: now, until });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_first_that_fails_nothing_is_checked_until_it_is_forgotten() {
        let (noted, checked) = (Refused::default(), std::sync::atomic::AtomicUsize::new(0));
        let at = Timestamp::from_secs;
        let run = |now, succeeds: bool| {
            noted.check_unless_noted("a", at(10), at(now), || {
                checked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if succeeds { Ok(()) } else { Err(()) }
            })
        };
        assert_eq!((run(1, true), run(1, true)), (Some(Ok(())), Some(Ok(()))));
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| run(2, false));
            }
        });
        assert_eq!(checked.load(std::sync::atomic::Ordering::Relaxed), 3, "two that were right and one that was not");
        assert_eq!((run(9, true), run(10, true)), (None, Some(Ok(()))));
        for number in 0..MOST {
            noted.insert(number.to_string(), at(100), at(11));
        }
        assert_eq!(run(12, true), None, "no room, no check without counting");
    }

    #[test]
    fn what_is_refused_is_forgotten_in_time_and_never_too_much_of_it() {
        let refused = Refused::default();
        let at = Timestamp::from_secs;
        refused.insert("a".to_owned(), at(10), at(1));
        assert_eq!(refused.until("a", at(9)), Some(at(10)));
        assert_eq!(refused.until("a", at(10)), None);
        refused.insert("ahead".to_owned(), at(100_000), at(99_000));
        assert_eq!(
            (refused.until("ahead", at(99_001)), refused.until("ahead", at(20))),
            (Some(at(100_000)), None),
            "the clock was set right"
        );
        for number in 0..2 * MOST {
            refused.insert(number.to_string(), at(20), at(11));
        }
        assert_eq!(refused.0.lock().unwrap().len(), MOST);
        refused.insert("b".to_owned(), at(40), at(30));
        assert_eq!(refused.0.lock().unwrap().len(), 1);
    }
}
