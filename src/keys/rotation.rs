//! The rotation plan: a pure function from the keys there are to what has to be done.

use std::cmp::Reverse;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config;
use crate::store::signing_keys::{Algorithm, SigningKey};

/// Even a key that is wanted at once signs only after this: by then every replica that is asked for the key set has read of it (see
/// [`super::KeyRing::publish`]), and the clocks of two replicas may differ by the rest.
pub(super) const NOTICE: Duration = Duration::from_secs(3);

/// How long a key is in each state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) publish_before_use: Duration,
    pub(super) active_for: Duration,
    pub(super) retire_for: Duration,
}

impl From<&config::Keys> for Policy {
    fn from(config: &config::Keys) -> Self {
        Self { publish_before_use: config.publish_before_use.0, active_for: config.active_for.0, retire_for: config.retire_for.0 }
    }
}

/// Why the plan is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Only what is due.
    WhenDue,
    /// New keys, used once everybody can know them.
    Soon,
    /// New keys, used as soon as every replica publishes them.
    Now,
}

/// The times of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub(super) id: Uuid,
    pub(super) algorithm: Algorithm,
    pub(super) created_at: Timestamp,
    pub(super) active_at: Timestamp,
    pub(super) retires_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
}

impl From<&SigningKey> for Lifetime {
    fn from(key: &SigningKey) -> Self {
        Self {
            id: key.id,
            algorithm: key.algorithm,
            created_at: key.created_at,
            active_at: key.active_at,
            retires_at: key.retires_at,
            expires_at: key.expires_at,
        }
    }
}

impl Lifetime {
    pub(super) fn is_gone(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    pub(super) fn is_retired(&self, now: Timestamp) -> bool {
        self.retires_at.is_some_and(|at| at <= now)
    }

    pub(super) fn signs(&self, now: Timestamp) -> bool {
        self.active_at <= now && !self.is_retired(now) && !self.is_gone(now)
    }

    pub(super) fn is_to_come(&self, now: Timestamp) -> bool {
        self.active_at > now && !self.is_retired(now) && !self.is_gone(now)
    }

    /// Of several keys that could sign, the greatest does: the one that became active last, and of those the one made first.
    pub(super) fn precedence(&self) -> impl Ord + use<> {
        (self.active_at, Reverse(self.created_at), Reverse(self.id))
    }
}

/// A key to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Make {
    pub(super) active_at: Timestamp,
    /// Set when a later key is already there.
    pub(super) retires_at: Option<Timestamp>,
}

/// New times for a key that has a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retire {
    pub(super) id: Uuid,
    pub(super) retires_at: Timestamp,
}

/// What has to be done for one algorithm. Empty: nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) algorithm: Algorithm,
    pub(super) make: Option<Make>,
    pub(super) retire: Vec<Retire>,
}

/// What has to be done, by algorithm; algorithms with nothing to do are left out.
pub(super) fn plan(keys: &[Lifetime], policy: Policy, now: Timestamp, wish: Wish) -> Vec<Plan> {
    let of = |algorithm| {
        let keys: Vec<Lifetime> = keys.iter().filter(|key| key.algorithm == algorithm && !key.is_gone(now)).copied().collect();
        match wish {
            Wish::Now => supersede(&keys, algorithm, now),
            Wish::Soon => succeed(&keys, algorithm, Some(now.plus(policy.publish_before_use))),
            Wish::WhenDue => succeed(&keys, algorithm, due(&keys, policy, now)),
        }
    };
    Algorithm::ALL.into_iter().map(of).filter(|plan| plan.make.is_some() || !plan.retire.is_empty()).collect()
}

/// Everything else stops signing: after [`NOTICE`], or now if nothing signs.
pub(super) fn supersede(keys: &[Lifetime], algorithm: Algorithm, now: Timestamp) -> Plan {
    let of_this = || keys.iter().filter(|key| key.algorithm == algorithm);
    let at = if of_this().any(|key| key.signs(now)) { now.plus(NOTICE) } else { now };
    let replaced = of_this().filter(|key| !key.is_gone(now) && !key.is_retired(now));
    let retire = replaced.map(|key| Retire { id: key.id, retires_at: at }).collect();
    Plan { algorithm, make: Some(Make { active_at: at, retires_at: None }), retire }
}

/// When the key that is missing or due now has to become active. `None`: none is.
fn due(keys: &[Lifetime], policy: Policy, now: Timestamp) -> Option<Timestamp> {
    let Some(signing) = keys.iter().filter(|key| key.signs(now)).max_by_key(|key| key.precedence()) else { return Some(now) };
    if keys.iter().any(|key| key.active_at > now && !key.is_retired(now)) {
        return None;
    }
    let end = signing.retires_at.unwrap_or_else(|| signing.active_at.plus(policy.active_for));
    if now < end.minus(policy.publish_before_use) {
        return None;
    }
    // An end that is fixed leaves no choice; an end that passed while nobody looked still gives relying parties their time.
    Some(if signing.retires_at.is_some() { end } else { end.max(now.plus(policy.publish_before_use)) })
}

/// Puts the open keys and the one to be made in a row; each but the last retires when its successor becomes active.
fn succeed(keys: &[Lifetime], algorithm: Algorithm, make_at: Option<Timestamp>) -> Plan {
    let mut open: Vec<&Lifetime> = keys.iter().filter(|key| key.retires_at.is_none()).collect();
    open.sort_by_key(|key| key.precedence());
    let following = |at: Timestamp| open.iter().map(|key| key.active_at).find(|active_at| *active_at > at);
    let mut retire = Vec::new();
    for (index, key) in open.iter().enumerate() {
        let next_open = open.get(index + 1).map(|next| next.active_at);
        let made = make_at.filter(|at| *at >= key.active_at);
        if let Some(retires_at) = next_open.into_iter().chain(made).min() {
            retire.push(Retire { id: key.id, retires_at });
        }
    }
    Plan { algorithm, make: make_at.map(|active_at| Make { active_at, retires_at: following(active_at) }), retire }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures that are easy to read: published for 10 seconds, active for 100, retiring for 20.
    const POLICY: Policy =
        Policy { publish_before_use: Duration::from_secs(10), active_for: Duration::from_secs(100), retire_for: Duration::from_secs(20) };

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    /// An ES256 key: (number, active at, retires at). It was made when it became active, and expires 20 seconds after it retires.
    fn key((number, active_at, retires_at): (u128, i64, Option<i64>)) -> Lifetime {
        Lifetime {
            id: Uuid::from_u128(number),
            algorithm: Algorithm::ES256,
            created_at: at(active_at),
            active_at: at(active_at),
            retires_at: retires_at.map(at),
            expires_at: retires_at.map(|secs| at(secs + 20)),
        }
    }

    type Row = (&'static str, &'static [(u128, i64, Option<i64>)], i64, Wish, Option<(i64, Option<i64>)>, &'static [(u128, i64)]);

    /// What there is, when, the wish; then what is made (active at, retires at) and what retires (number, at).
    const TABLE: &[Row] = &[
        ("an empty store gets a key at once", &[], 0, Wish::WhenDue, Some((0, None)), &[]),
        ("a fresh key is left alone", &[(1, 0, None)], 50, Wish::WhenDue, None, &[]),
        ("one second before it is due", &[(1, 0, None)], 89, Wish::WhenDue, None, &[]),
        ("the next is published before its use", &[(1, 0, None)], 90, Wish::WhenDue, Some((100, None)), &[(1, 100)]),
        ("one next is enough", &[(1, 0, Some(100)), (2, 100, None)], 95, Wish::WhenDue, None, &[]),
        ("after the change nothing is due", &[(1, 0, Some(100)), (2, 100, None)], 105, Wish::WhenDue, None, &[]),
        ("a service that slept through it still publishes first", &[(1, 0, None)], 500, Wish::WhenDue, Some((510, None)), &[(1, 510)]),
        ("a retired key alone does not sign", &[(1, 0, Some(100))], 110, Wish::WhenDue, Some((110, None)), &[]),
        ("a gone key does not count", &[(1, 0, Some(100))], 120, Wish::WhenDue, Some((120, None)), &[]),
        ("a fixed end gets a successor in time", &[(1, 0, Some(60))], 55, Wish::WhenDue, Some((60, None)), &[]),
        ("a next without an active key: one until it begins", &[(2, 30, None)], 25, Wish::WhenDue, Some((25, Some(30))), &[]),
        ("of two open keys the older retires", &[(1, 0, None), (2, 20, None)], 30, Wish::WhenDue, None, &[(1, 20)]),
        ("rotate: published, then used", &[(1, 0, None)], 50, Wish::Soon, Some((60, None)), &[(1, 60)]),
        ("rotate twice: the first next is followed", &[(1, 0, Some(60)), (2, 60, None)], 55, Wish::Soon, Some((65, None)), &[(2, 65)]),
        ("rotate at once: everything else stops", &[(1, 0, Some(60)), (2, 60, None)], 55, Wish::Now, Some((58, None)), &[(1, 58), (2, 58)]),
        ("rotate at once leaves no gap", &[(1, 0, Some(60)), (2, 60, None)], 59, Wish::Now, Some((62, None)), &[(1, 62), (2, 62)]),
        ("rotate at once leaves retired keys as they are", &[(1, 0, Some(40)), (2, 40, None)], 50, Wish::Now, Some((53, None)), &[(2, 53)]),
        ("rotate at once where nothing signs", &[(1, 0, Some(40))], 50, Wish::Now, Some((50, None)), &[]),
    ];

    #[test]
    fn every_row_of_the_table_holds() {
        for (name, keys, now, wish, make, retire) in TABLE {
            let keys: Vec<Lifetime> = keys.iter().copied().map(key).collect();
            let plans = plan(&keys, POLICY, at(*now), *wish);
            let found = plans.into_iter().find(|plan| plan.algorithm == Algorithm::ES256);
            let found = found.unwrap_or(Plan { algorithm: Algorithm::ES256, make: None, retire: Vec::new() });
            let make = make.map(|(active_at, retires_at)| Make { active_at: at(active_at), retires_at: retires_at.map(at) });
            let retire: Vec<Retire> = retire.iter().map(|(id, secs)| Retire { id: Uuid::from_u128(*id), retires_at: at(*secs) }).collect();
            assert_eq!((found.make, found.retire), (make, retire), "{name}");
        }
    }

    #[test]
    fn each_algorithm_is_planned_on_its_own() {
        let plans = plan(&[key((1, 0, None))], POLICY, at(0), Wish::WhenDue);
        let made: Vec<Algorithm> = plans.iter().map(|plan| plan.algorithm).collect();
        assert_eq!(made, [Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA]);
    }

    #[test]
    fn of_two_keys_of_the_same_moment_the_first_made_signs() {
        let first = Lifetime { created_at: at(0), ..key((9, 10, None)) };
        let second = Lifetime { created_at: at(1), ..key((1, 10, None)) };
        assert!(first.precedence() > second.precedence());
        let plans = plan(&[first, second], POLICY, at(20), Wish::WhenDue);
        let plan = plans.iter().find(|plan| plan.algorithm == Algorithm::ES256).unwrap();
        assert_eq!(plan.retire, [Retire { id: second.id, retires_at: at(10) }]);
    }

    /// A year of refreshing every second: always exactly one key to sign with, published long enough before, and no pile of keys.
    #[test]
    fn there_is_always_a_key_and_relying_parties_always_knew_it() {
        let mut keys: Vec<Lifetime> = Vec::new();
        for now in 0..1000 {
            keys.retain(|key| !key.is_gone(at(now)));
            for plan in plan(&keys, POLICY, at(now), Wish::WhenDue).into_iter().filter(|plan| plan.algorithm == Algorithm::ES256) {
                for retire in plan.retire {
                    let key = keys.iter_mut().find(|key| key.id == retire.id).unwrap();
                    key.retires_at = Some(retire.retires_at);
                    key.expires_at = Some(retire.retires_at.plus(POLICY.retire_for));
                }
                if let Some(make) = plan.make {
                    assert!(now == 0 || make.active_at == at(now + 10), "published for its time");
                    keys.push(Lifetime {
                        created_at: at(now),
                        active_at: make.active_at,
                        ..key((u128::try_from(now).unwrap(), now, None))
                    });
                }
            }
            assert_eq!(keys.iter().filter(|key| key.signs(at(now))).count(), 1, "at {now}");
            assert!(keys.len() <= 2, "at {now}");
        }
    }
}
