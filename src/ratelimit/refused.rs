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
