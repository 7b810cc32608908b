//! Keys that the store's buckets have no more for, until when: so that a flood of refusals, and every request that is none of it, costs no statement.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;

/// More are not remembered: then the store is asked again.
const MOST: usize = 10_000;

/// What is refused by this process without asking.
#[derive(Default)]
pub struct Refused(Mutex<HashMap<String, Timestamp>>);

impl Refused {
    /// Until when `key` is refused, if it is.
    #[must_use]
    pub fn until(&self, key: &str, now: Timestamp) -> Option<Timestamp> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(key).copied().filter(|until| now < *until)
    }

    /// Refuses `key` from now on.
    pub fn insert(&self, key: String, until: Timestamp, now: Timestamp) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST {
            refused.retain(|_, until| now < *until);
        }
        if refused.len() < MOST {
            refused.insert(key, until);
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
        for number in 0..2 * MOST {
            refused.insert(number.to_string(), at(20), at(11));
        }
        assert_eq!(refused.0.lock().unwrap().len(), MOST);
        refused.insert("b".to_owned(), at(40), at(30));
        assert_eq!(refused.0.lock().unwrap().len(), 1);
    }
}
