//! What happens too often for a record each: the first is told at once, those of the following minute together, with their number.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// More keys are not kept at once; what does not fit is counted together.
const MOST: usize = 10_000;

/// One record for each key in this time.
const EVERY: Duration = Duration::from_mins(1);

/// Occurrences by key, each with the latest of what it was about.
pub struct Tally<T>(Mutex<Keys<T>>);

struct Keys<T> {
    kept: HashMap<String, Counted<T>>,
    /// All for which there was no room.
    others: Option<Counted<T>>,
}

struct Counted<T> {
    told_at: Timestamp,
    untold: u32,
    latest: T,
}

/// Occurrences to tell of together.
#[derive(Clone, Debug)]
pub struct Due<T> {
    /// None: of keys for which there was no room.
    pub key: Option<String>,
    /// The latest of them.
    pub latest: T,
    pub number: u32,
}

/// What is being told. Unless it is [`told`](Untold::told), because telling failed or was broken off, it is counted again and told of later.
pub struct Untold<'a, T: Clone> {
    tally: &'a Tally<T>,
    due: Vec<Due<T>>,
    now: Timestamp,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self(Mutex::new(Keys { kept: HashMap::new(), others: None }))
    }
}

impl<T> Counted<T> {
    /// A clock that was set back does not keep anything untold.
    fn is_due(&self, now: Timestamp) -> bool {
        !now.is_within(EVERY, self.told_at)
    }
}

impl<T: Clone> Keys<T> {
    /// Counts what is told of later.
    fn add(&mut self, due: Due<T>, now: Timestamp) {
        let counted = || Counted { told_at: now, untold: 0, latest: due.latest.clone() };
        let has_room = self.kept.len() < MOST;
        let one = match due.key {
            Some(key) if has_room || self.kept.contains_key(&key) => self.kept.entry(key).or_insert_with(counted),
            _ => self.others.get_or_insert_with(counted),
        };
        one.untold = one.untold.saturating_add(due.number);
    }
}

impl<T: Clone> Tally<T> {
    fn lock(&self) -> MutexGuard<'_, Keys<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one. What to tell of now, this one among it; `None`: it is told of later.
    pub fn count(&self, key: &str, about: &T, now: Timestamp) -> Option<Untold<'_, T>> {
        let mut keys = self.lock();
        let number = if let Some(before) = keys.kept.get_mut(key) {
            before.latest = about.clone();
            before.untold = before.untold.saturating_add(1);
            if !before.is_due(now) {
                return None;
            }
            before.told_at = now;
            std::mem::take(&mut before.untold)
        } else if keys.kept.len() >= MOST {
            keys.add(Due { key: None, latest: about.clone(), number: 1 }, now);
            return None;
        } else {
            keys.kept.insert(key.to_owned(), Counted { told_at: now, untold: 0, latest: about.clone() });
            1
        };
        let due = vec![Due { key: Some(key.to_owned()), latest: about.clone(), number }];
        Some(Untold { tally: self, due, now })
    }

    /// What was counted, is not told of and has waited long enough; and forgets those that nothing more came of.
    pub fn take_due(&self, now: Timestamp) -> Untold<'_, T> {
        let mut keys = self.lock();
        let over = keys.kept.extract_if(|_, one| one.is_due(now)).map(|(key, one)| (Some(key), one)).collect::<Vec<_>>();
        let others = keys.others.take_if(|others| others.is_due(now)).map(|others| (None, others));
        let due = over.into_iter().chain(others).filter(|(_, one)| one.untold > 0);
        let due = due.map(|(key, one)| Due { key, latest: one.latest, number: one.untold }).collect();
        Untold { tally: self, due, now }
    }
}

impl<T: Clone> Untold<'_, T> {
    #[must_use]
    pub fn due(&self) -> &[Due<T>] {
        &self.due
    }

    /// It was told.
    pub fn told(mut self) {
        self.due.clear();
    }
}

impl<T: Clone> Drop for Untold<'_, T> {
    fn drop(&mut self) {
        if self.due.is_empty() {
            return;
        }
        let mut keys = self.tally.lock();
        for due in std::mem::take(&mut self.due) {
            keys.add(due, self.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many are told of, which they are.
    fn told<T: Clone>(untold: Option<Untold<'_, T>>) -> Option<u32> {
        untold.map(|untold| {
            let number = untold.due().iter().map(|due| due.number).sum();
            untold.told();
            number
        })
    }

    fn due<T: Clone>(tally: &Tally<T>, now: Timestamp) -> Vec<(Option<String>, T, u32)> {
        let untold = tally.take_due(now);
        let due = untold.due().iter().cloned().map(|due| (due.key, due.latest, due.number)).collect();
        untold.told();
        due
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_together() {
        let tally = Tally::default();
        let at = Timestamp::from_secs;
        assert_eq!(told(tally.count("a", &"first", at(100))), Some(1));
        assert_eq!(told(tally.count("b", &"other", at(100))), Some(1));
        for second in 101..131 {
            assert_eq!(told(tally.count("a", &"more", at(second))), None);
        }
        assert!(due(&tally, at(150)).is_empty());
        assert_eq!(due(&tally, at(161)), [(Some("a".to_owned()), "more", 30)]);
        assert!(due(&tally, at(1000)).is_empty() && tally.lock().kept.is_empty(), "nothing is told twice or kept");
        told(tally.count("a", &"x", at(2000)));
        told(tally.count("a", &"x", at(2001)));
        assert_eq!(told(tally.count("a", &"x", at(2061))), Some(2), "told by the next one, if that comes first");
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_than_so_much_room_and_nobody_is_left_out_of_the_number() {
        let tally = Tally::default();
        let at = Timestamp::from_secs;
        let at_once = (0..2 * MOST).filter(|number| told(tally.count(&number.to_string(), &"flood", at(7))).is_some()).count();
        assert_eq!((at_once, tally.lock().kept.len()), (MOST, MOST));
        assert_eq!(told(tally.count("somebody", &"real", at(8))), None);
        assert_eq!(due(&tally, at(100)), [(None, "flood", 10_001)]);
        assert!(due(&tally, at(1000)).is_empty());
    }

    #[test]
    fn what_could_not_be_told_is_told_later() {
        let tally = Tally::default();
        let at = Timestamp::from_secs;
        drop(tally.count("a", &"x", at(100)));
        assert_eq!(told(tally.count("a", &"y", at(101))), None);
        let untold = tally.take_due(at(160));
        assert_eq!(untold.due()[0].number, 2, "the one of which telling failed, too");
        drop(untold);
        assert!(due(&tally, at(161)).is_empty(), "not before another minute is over");
        assert_eq!(due(&tally, at(220)), [(Some("a".to_owned()), "y", 2)]);
    }
}
