//! The rotation plan: a pure function from the keys there are to what has to be done.

use std::cmp::Reverse;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config;
use crate::store::signing_keys::{Algorithm, SigningKey};

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
    /// New keys, used at once.
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

/// Everything else stops signing now.
pub(super) fn supersede(keys: &[Lifetime], algorithm: Algorithm, now: Timestamp) -> Plan {
    let retire = keys
        .iter()
        .filter(|key| key.algorithm == algorithm && !key.is_gone(now) && !key.is_retired(now))
        .map(|key| Retire { id: key.id, retires_at: now })
        .collect();
    Plan { algorithm, make: Some(Make { active_at: now, retires_at: None }), retire }
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
