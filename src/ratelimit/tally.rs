//! What happens too often for a record each: the first is told at once, those of the following minute together, with their number.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// More keys are not kept at once; what does not fit is not told.
const MOST: usize = 10_000;

/// One record for each key in this time.
const EVERY: Duration = Duration::from_mins(1);

/// Occurrences by key, each with the latest of what it was about.
pub struct Tally<T>(Mutex<HashMap<String, Counted<T>>>);

struct Counted<T> {
    told_at: Timestamp,
    untold: u32,
    latest: T,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Counted<T> {
    /// A clock that was set back does not keep anything untold.
    fn is_due(&self, now: Timestamp) -> bool {
        !now.is_within(EVERY, self.told_at)
    }
}

impl<T: Clone> Tally<T> {
    /// Counts one. How many to tell of now, this one among them; `None`: it is told of later.
    pub fn count(&self, key: &str, about: &T, now: Timestamp) -> Option<u32> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = counted.get_mut(key) {
            before.latest = about.clone();
            before.untold = before.untold.saturating_add(1);
            return before.is_due(now).then(|| {
                before.told_at = now;
                std::mem::take(&mut before.untold)
            });
        }
        if counted.len() >= MOST {
            return None;
        }
        counted.insert(key.to_owned(), Counted { told_at: now, untold: 0, latest: about.clone() });
        Some(1)
    }

    /// What was counted, is not told of and has waited long enough; and forgets those that nothing more came of.
    pub fn take_due(&self, now: Timestamp) -> Vec<(T, u32)> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        counted.retain(|_, one| {
            if !one.is_due(now) {
                return true;
            }
            if one.untold > 0 {
                due.push((one.latest.clone(), one.untold));
            }
            false
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_together() {
        let tally = Tally::default();
        let at = Timestamp::from_secs;
        assert_eq!(tally.count("a", &"first", at(100)), Some(1));
        assert_eq!(tally.count("b", &"other", at(100)), Some(1));
        for second in 101..131 {
            assert_eq!(tally.count("a", &"more", at(second)), None);
        }
        assert!(tally.take_due(at(150)).is_empty());
        assert_eq!(tally.take_due(at(161)), [("more", 30)]);
        assert!(tally.take_due(at(1000)).is_empty() && tally.0.lock().unwrap().is_empty(), "nothing is told twice or kept");
        tally.count("a", &"x", at(2000));
        tally.count("a", &"x", at(2001));
        assert_eq!(tally.count("a", &"x", at(2061)), Some(2), "told by the next one, if that comes first");
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_than_so_much_room() {
        let tally = Tally::default();
        let now = Timestamp::from_secs(7);
        let told = (0..2 * MOST).filter(|number| tally.count(&number.to_string(), &(), now).is_some()).count();
        assert_eq!((told, tally.0.lock().unwrap().len()), (MOST, MOST));
    }
}
