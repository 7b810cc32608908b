//! Keys with something about each, and never more than so many of them.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timestamp;

/// A full map is looked through no more often: whoever fills it does not make every request look at all of it.
const SWEPT_EVERY: Duration = Duration::from_secs(1);

/// From when to when something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
}

impl Period {
    pub(super) fn of(since: Timestamp, time: Duration) -> Self {
        Self { since, until: since.plus(time) }
    }

    /// One that was noted by a clock that was ahead does not last until that time has come.
    pub(super) fn holds(self, now: Timestamp) -> bool {
        now < self.until && !now.is_before(self.since)
    }
}

pub(super) struct Bounded<V> {
    pub(super) kept: HashMap<String, V>,
    most: usize,
    /// For how long it is not looked through again.
    swept: Option<Period>,
}

impl<V> Bounded<V> {
    pub(super) fn new(most: usize) -> Self {
        Self { kept: HashMap::new(), most, swept: None }
    }

    /// Whether another key may be kept. A full map forgets those that are not `needed` any more, now and then.
    pub(super) fn has_room(&mut self, now: Timestamp, needed: impl Fn(&V) -> bool) -> bool {
        if self.kept.len() >= self.most && self.swept.is_none_or(|swept| !swept.holds(now)) {
            self.kept.retain(|_, value| needed(value));
            self.swept = Some(Period::of(now, SWEPT_EVERY));
        }
        self.kept.len() < self.most
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_full_map_is_looked_through_once_a_second() {
        let (mut map, looked) = (Bounded::new(3), Cell::new(0));
        let has_room = |map: &mut Bounded<i64>, now: i64| {
            map.has_room(Timestamp::from_secs(now), |until| {
                looked.set(looked.get() + 1);
                now < *until
            })
        };
        for (key, until) in [("a", 10), ("b", 10), ("c", 20)] {
            assert!(has_room(&mut map, 1));
            map.kept.insert(key.to_owned(), until);
        }
        for _ in 0..100 {
            assert!(!has_room(&mut map, 2));
        }
        assert_eq!(looked.get(), 3);
        assert!(has_room(&mut map, 10));
        assert_eq!(map.kept.len(), 1);
        map.kept.extend([("d".to_owned(), 20), ("e".to_owned(), 20)]);
        looked.set(0);
        assert!(!has_room(&mut map, -1000), "the clock was set back: looked through again");
        assert_eq!(looked.get(), 3);
    }
}
