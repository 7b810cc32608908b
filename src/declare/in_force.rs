//! Which directory is in force.
//!
//! Replicas see a changed directory at different times: Kubernetes brings a ConfigMap to each node when it gets there, minutes apart. The one that still has
//! the old directory must not undo what the one with the new directory did. So a directory is brought about once for each time a replica saw it appear;
//! from then on the one that is in force, whose digest all replicas share through the database, is kept, and a replica with another one waits for its own
//! to be exchanged.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A replica that starts with a directory that was superseded less long ago than this has an old copy, most likely.
const LATE: Duration = Duration::from_mins(3);
/// So many superseded ones are remembered.
const REMEMBERED: usize = 16;

/// The directory in force, and those before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    pub digest: String,
    pub since: Timestamp,
    before: Vec<Superseded>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Superseded {
    digest: String,
    at: Timestamp,
}

impl InForce {
    /// The name of the setting that holds it.
    pub const SETTING: &'static str = "declared-directory";

    /// `None` when it is of another version.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// `digest` in force from now on; unchanged when it is already.
    pub(super) fn follow(earlier: Option<Self>, digest: &str, now: Timestamp) -> Self {
        let Some(earlier) = earlier else { return Self { digest: digest.to_owned(), since: now, before: Vec::new() } };
        if earlier.digest == digest {
            return earlier;
        }
        let last = Superseded { digest: earlier.digest, at: now };
        let others = earlier.before.into_iter().filter(|one| one.digest != digest && one.digest != last.digest);
        let before = std::iter::once(last.clone()).chain(others).take(REMEMBERED).collect();
        Self { digest: digest.to_owned(), since: now, before }
    }

    fn superseded_at(&self, digest: &str) -> Option<Timestamp> {
        self.before.iter().find(|one| one.digest == digest).map(|one| one.at)
    }
}

/// What a replica is to do with the directory it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is in force: keep to it.
    Keep,
    /// It is new: bring it about.
    Begin,
    /// Another one is in force: wait for this one to be exchanged.
    Behind,
}

/// The directory a replica has before its eyes.
#[derive(Clone, Debug)]
pub struct Observed {
    digest: String,
    /// It was exchanged while this replica ran, which makes it newer than what was there.
    exchanged: bool,
    /// It was in force since this replica saw it appear.
    spent: bool,
}

impl Observed {
    /// Sees what is there now.
    pub fn look(earlier: &mut Option<Self>, digest: &str) -> Self {
        let seen = match earlier.take() {
            Some(same) if same.digest == digest => same,
            other => Self { digest: digest.to_owned(), exchanged: other.is_some(), spent: false },
        };
        *earlier = Some(seen.clone());
        seen
    }

    /// As if it had just been exchanged.
    pub(super) fn insist(digest: &str) -> Self {
        Self { digest: digest.to_owned(), exchanged: true, spent: false }
    }

    pub(super) fn saw(&self, digest: &str) -> bool {
        self.digest == digest
    }

    pub(super) const fn spend(&mut self) {
        self.spent = true;
    }

    #[must_use]
    pub fn turn(&self, in_force: Option<&InForce>, now: Timestamp) -> Turn {
        let Some(in_force) = in_force else { return Turn::Begin };
        // A moment that is still to come was written by a clock that was wrong.
        let late = in_force.superseded_at(&self.digest).is_some_and(|at| at.plus(LATE) > now && at <= now.plus(LATE));
        if in_force.digest == self.digest {
            Turn::Keep
        } else if self.spent || (late && !self.exchanged) {
            Turn::Behind
        } else {
            Turn::Begin
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    /// A replica, and what it does with the directory it sees.
    #[derive(Default)]
    struct Replica(Option<Observed>);

    impl Replica {
        fn turn(&mut self, digest: &str, in_force: &mut Option<InForce>, secs: i64) -> Turn {
            let turn = Observed::look(&mut self.0, digest).turn(in_force.as_ref(), at(secs));
            if turn != Turn::Behind {
                self.0.as_mut().unwrap().spend();
                *in_force = Some(InForce::follow(in_force.take(), digest, at(secs)));
            }
            turn
        }
    }

    #[test]
    fn a_replica_with_the_old_directory_undoes_nothing() {
        let (mut one, mut other, mut in_force) = (Replica::default(), Replica::default(), None);
        assert_eq!(one.turn("a", &mut in_force, 1), Turn::Begin);
        assert_eq!(other.turn("a", &mut in_force, 2), Turn::Keep);
        assert_eq!(one.turn("b", &mut in_force, 10), Turn::Begin);
        assert_eq!(other.turn("a", &mut in_force, 11), Turn::Behind);
        assert_eq!(other.turn("a", &mut in_force, 10_000), Turn::Behind);
        assert_eq!(other.turn("b", &mut in_force, 10_001), Turn::Keep);
        // Back again, seen by the other one first.
        assert_eq!(other.turn("a", &mut in_force, 10_010), Turn::Begin);
        assert_eq!(one.turn("b", &mut in_force, 10_011), Turn::Behind);
        assert_eq!(one.turn("a", &mut in_force, 10_020), Turn::Keep);
    }

    #[test]
    fn a_replica_that_starts_late_with_an_old_copy_waits() {
        let (mut one, mut in_force) = (Replica::default(), None);
        assert_eq!(one.turn("a", &mut in_force, 1), Turn::Begin);
        assert_eq!(one.turn("b", &mut in_force, 10_000), Turn::Begin);
        assert_eq!(Replica::default().turn("a", &mut in_force, 10_005), Turn::Behind);
        // One that nobody has seen yet is new.
        assert_eq!(Replica::default().turn("c", &mut in_force.clone(), 10_005), Turn::Begin);
        // Put back while nothing ran, and not for the first time.
        assert_eq!(Replica::default().turn("a", &mut in_force, 20_000), Turn::Begin);
        assert_eq!(Replica::default().turn("b", &mut in_force, 30_000), Turn::Begin);
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut in_force = None;
        for number in 0..100 {
            in_force = Some(InForce::follow(in_force, &format!("{}", number % 40), at(number)));
        }
        let in_force = in_force.unwrap();
        assert_eq!(in_force.before.len(), REMEMBERED);
        assert_eq!(InForce::parse(&in_force.to_bytes()), Some(in_force.clone()));
        assert_eq!(InForce::follow(Some(in_force.clone()), &in_force.digest.clone(), at(1000)), in_force);
    }
}
