//! Keys that the store has no more for, until when: so that a flood of refusals costs no statement.

use std::sync::{Mutex, PoisonError};

use super::bounded::{Bounded, Period};
use crate::clock::Timestamp;

/// More are not remembered: then it is not known any more of whom nothing is remembered.
const MOST: usize = 10_000;

/// What is refused by this process without asking.
pub struct Refused(Mutex<Keys>);

struct Keys {
    kept: Bounded<Period>,
    /// While there may be refusals for which there was no room.
    lost: Option<Period>,
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    RefusedUntil(Timestamp),
    NotRefused,
    /// It may have been refused when there was no room to remember it: whoever must know asks the store, or takes it for refused.
    Unsure,
}

impl Default for Refused {
    fn default() -> Self {
        Self(Mutex::new(Keys { kept: Bounded::new(MOST), lost: None }))
    }
}

impl Refused {
    /// Whether `key` is refused, as far as it is known.
    #[must_use]
    pub fn ask(&self, key: &str, now: Timestamp) -> Known {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match keys.kept.kept.get(key).filter(|refusal| refusal.holds(now)) {
            Some(refusal) => Known::RefusedUntil(refusal.until),
            None if keys.lost.is_some_and(|lost| lost.holds(now)) => Known::Unsure,
            None => Known::NotRefused,
        }
    }

    /// Refuses `key` from now on.
    pub fn insert(&self, key: String, until: Timestamp, now: Timestamp) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refusal = Period { since: now, until };
        if keys.kept.kept.contains_key(&key) || keys.kept.has_room(now, |refusal| refusal.holds(now)) {
            keys.kept.kept.insert(key, refusal);
            return;
        }
        let until = keys.lost.filter(|lost| lost.holds(now)).map_or(until, |lost| lost.until.max(until));
        keys.lost = Some(Period { since: now, until });
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
        assert_eq!(refused.ask("a", at(9)), Known::RefusedUntil(at(10)));
        assert_eq!(refused.ask("a", at(10)), Known::NotRefused);
        refused.insert("ahead".to_owned(), at(100_000), at(99_000));
        assert_eq!(
            (refused.ask("ahead", at(99_001)), refused.ask("ahead", at(20))),
            (Known::RefusedUntil(at(100_000)), Known::NotRefused),
            "the clock was set right"
        );
        for number in 0..2 * MOST {
            refused.insert(number.to_string(), at(20), at(11));
        }
        assert_eq!(refused.0.lock().unwrap().kept.kept.len(), MOST);
        refused.insert("b".to_owned(), at(40), at(30));
        assert_eq!(refused.0.lock().unwrap().kept.kept.len(), 1);
    }

    /// For as long as what was not remembered would have held, nobody is taken for one who is not refused.
    #[test]
    fn whom_there_was_no_room_for_is_not_taken_for_one_that_is_not_refused() {
        let refused = Refused::default();
        let at = Timestamp::from_secs;
        for number in 0..MOST {
            refused.insert(number.to_string(), at(500), at(11));
        }
        assert_eq!(refused.ask("other", at(12)), Known::NotRefused, "all of them were remembered");
        refused.insert("lost".to_owned(), at(50), at(13));
        refused.insert("lost too".to_owned(), at(40), at(13));
        assert_eq!((refused.ask("lost", at(14)), refused.ask("7", at(14))), (Known::Unsure, Known::RefusedUntil(at(500))));
        refused.insert("7".to_owned(), at(600), at(15));
        assert_eq!(refused.ask("7", at(599)), Known::RefusedUntil(at(600)), "one that is remembered takes no more room");
        assert_eq!((refused.ask("lost", at(49)), refused.ask("lost", at(50))), (Known::Unsure, Known::NotRefused));
    }
}
