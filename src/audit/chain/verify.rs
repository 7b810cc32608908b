//! The verifier: fed batch by batch, from the database or from a file. It goes on behind what is broken, to say how much is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::canonical::{self, Extent};
use super::record::{SealedEvent, hex, unhex};
use super::statement::{self, Taken};
use super::{LEAST_RETENTION, checkpoint};
use crate::audit::Kind;
use crate::clock::Timestamp;
use crate::keys::PublicKeys;
use crate::secret::Digest;
use crate::store::audit_chain::Batch;
use crate::store::audit_events::AuditEvent;

/// Findings that are written down; the rest is counted.
const MOST_FINDINGS: usize = 100;

/// The end of a chain: what an operator writes down to compare with later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub batch: i64,
    pub hash: Digest,
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.batch, hex(&self.hash))
    }
}

impl std::str::FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(batch, hash)| Some(Self { batch: batch.parse().ok()?, hash: unhex(hash)? }));
        parsed
            .ok_or_else(|| "a head is the number of a batch, a colon, and its hash in hexadecimal, as `audit verify` prints it".to_owned())
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    pub batches: u64,
    /// Events that are there and in their places.
    pub events: u64,
    /// Events that retention took, up to this sequence number.
    pub removed: u64,
    pub removed_up_to: Option<i64>,
    /// Events of people who were removed, of which only the place and the kind are left.
    pub erased: u64,
    /// Committed, not sealed yet: nothing proves them.
    pub waiting: u64,
    pub head: Option<Head>,
    /// The keys that the checkpoints were signed with.
    pub kids: BTreeSet<String>,
    /// What is broken. Empty: the chain holds.
    pub findings: Vec<String>,
    pub more_findings: u64,
}

impl Report {
    pub(super) fn find(&mut self, finding: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}

/// What was signed of a removal by retention.
struct Removal {
    up_to: i64,
    at: Timestamp,
}

#[derive(Default)]
pub(super) struct Verifier {
    keys: PublicKeys,
    report: Report,
    last: i64,
    expected: Option<Head>,
    expected_seen: bool,
    /// What events carry of them, signed or not.
    statements: Vec<String>,
    /// Batches without events: `first`, `last` and `newest_at` of each.
    emptied: Vec<(i64, i64, Timestamp)>,
    /// People whose events were erased, with the first such sequence number.
    erased_of: BTreeMap<Option<Uuid>, i64>,
}

impl Verifier {
    /// `expected`: a head that was written down before.
    pub(super) fn new(expected: Option<Head>) -> Self {
        Self { expected, ..Self::default() }
    }

    pub(super) fn key(&mut self, kid: &str, public_jwk: &str) {
        if !self.keys.insert(kid, public_jwk) {
            self.report.find(format!("key {kid}: not a public key of this id"));
        }
    }

    pub(super) fn finding(&mut self, finding: String) {
        self.report.find(finding);
    }

    /// The next batch with its events, in the order in which they were found.
    pub(super) fn batch(&mut self, batch: &Batch, events: &[SealedEvent]) {
        let number = batch.number;
        self.links(batch);
        match checkpoint::verify(batch, &self.keys) {
            Ok(kid) => drop(self.report.kids.insert(kid)),
            Err(problem) => self.report.find(format!("batch {number}: {problem}")),
        }
        if self.expected.as_ref().is_some_and(|head| head.batch == number) {
            self.expected_seen = true;
            if self.expected.as_ref().is_some_and(|head| head.hash != batch.hash) {
                self.report.find(format!("batch {number}: another hash than the one that was known"));
            }
        }
        if events.is_empty() {
            self.emptied.push((batch.first, batch.last, batch.newest_at));
        } else {
            for finding in content(batch, events) {
                self.report.find(finding);
            }
            self.report.events += u64::try_from(events.len()).unwrap_or(0);
        }
        for event in events {
            if event.salt.is_none() {
                self.report.erased += 1;
                self.erased_of.entry(event.event.user_id).or_insert(event.sequence);
            }
            self.learn(&event.event);
        }
        self.report.batches += 1;
        self.last = batch.last;
        self.report.head = Some(Head { batch: number, hash: batch.hash });
    }

    /// An event that was not sealed yet.
    pub(super) fn waiting(&mut self, event: &AuditEvent) {
        self.report.waiting += 1;
        self.learn(event);
    }

    fn links(&mut self, batch: &Batch) {
        let (before, hash) = self.report.head.as_ref().map_or((0, canonical::genesis()), |head| (head.batch, head.hash));
        let number = batch.number;
        if number <= before {
            self.report.find(format!("batch {number} stands behind batch {before}"));
        } else if number > before.saturating_add(1) {
            let missing = before.saturating_add(1);
            self.report.find(format!("batches {missing} to {} are missing", number.saturating_sub(1)));
        } else if batch.previous != hash {
            self.report.find(format!("batch {number} does not follow from the batch before it"));
        } else if batch.first != self.last.saturating_add(1) || batch.last < batch.first {
            self.report.find(format!("batch {number} begins with event {}, not with event {}", batch.first, self.last.saturating_add(1)));
        }
    }

    fn learn(&mut self, event: &AuditEvent) {
        if [Kind::UserRemoved.as_str(), Kind::AuditEventsRemoved.as_str()].contains(&event.kind.as_str()) {
            self.statements.extend(statement::in_event(event));
        }
    }

    /// What events say of removals counts only if the service signed it, whether the event is sealed or not.
    fn taken(&self) -> (Vec<Removal>, BTreeSet<Uuid>) {
        let (mut removals, mut people) = (Vec::new(), BTreeSet::new());
        for (taken, at) in self.statements.iter().filter_map(|jws| statement::verify(jws, &self.keys)) {
            match taken {
                Taken::UpTo(up_to) => removals.push(Removal { up_to, at }),
                Taken::Person(user_id) => drop(people.insert(user_id)),
            }
        }
        // The widest first: as a rule it explains all.
        removals.sort_by_key(|removal| Reverse(removal.up_to));
        (removals, people)
    }

    pub(super) fn finish(mut self) -> Report {
        let (removals, removed_people) = self.taken();
        let explains =
            |removal: &Removal, last: i64, newest: Timestamp| removal.up_to >= last && removal.at.since(newest) >= LEAST_RETENTION;
        for (first, last, newest_at) in &self.emptied {
            if removals.iter().any(|removal| explains(removal, *last, *newest_at)) {
                self.report.removed_up_to = self.report.removed_up_to.max(Some(*last));
                self.report.removed += u64::try_from(last.saturating_sub(*first).saturating_add(1)).unwrap_or(0);
            } else {
                self.report.find(format!("events {first} to {last} are missing, and it was not retention that took them"));
            }
        }
        for (user, sequence) in &self.erased_of {
            if user.is_none_or(|user| !removed_people.contains(&user)) {
                self.report.find(format!("event {sequence} was erased, but its person was not removed"));
            }
        }
        if let Some(head) = self.expected.filter(|_| !self.expected_seen) {
            let end = self.report.head.as_ref().map_or(0, |head| head.batch);
            self.report.find(format!("the chain ends at batch {end}; batch {} was known, so its end was cut off", head.batch));
        }
        self.report
    }
}

/// What is wrong within a batch.
pub(super) fn content(batch: &Batch, events: &[SealedEvent]) -> Vec<String> {
    let mut findings = Vec::new();
    let present: BTreeSet<i64> = events.iter().map(|event| event.sequence).collect();
    findings.extend(
        (batch.first..=batch.last)
            .filter(|sequence| !present.contains(sequence))
            .take(MOST_FINDINGS)
            .map(|sequence| format!("event {sequence} is missing")),
    );
    if !events.is_sorted_by(|one, next| one.sequence < next.sequence) {
        findings.push(format!("the events of batch {} stand in another order", batch.number));
    }
    for event in events {
        if !(batch.first..=batch.last).contains(&event.sequence) {
            findings.push(format!("event {} does not belong to batch {}", event.sequence, batch.number));
        }
        findings.extend(changed(event));
    }
    let newest_at = events.iter().map(|event| event.event.at).max().unwrap_or_default().min(batch.sealed_at);
    let leaves: Vec<Digest> = events.iter().map(|event| canonical::leaf(event.sequence, &event.event, &event.personal)).collect();
    let extent = Extent { number: batch.number, first: batch.first, last: batch.last, newest_at };
    if findings.is_empty() && canonical::batch(extent, &batch.previous, leaves.iter()) != batch.hash {
        findings.push(format!("the events of batch {} are not those that were sealed", batch.number));
    }
    findings
}

fn changed(sealed: &SealedEvent) -> Option<String> {
    let SealedEvent { sequence, event, .. } = sealed;
    let personal_fits = match &sealed.salt {
        Some(salt) => canonical::personal(salt, event) == sealed.personal,
        // What is left of an erased event says nothing that could be false.
        None => event.address.is_none() && event.detail == "{}",
    };
    let fits = personal_fits && canonical::leaf(*sequence, event, &sealed.personal) == sealed.leaf;
    (!fits).then(|| format!("event {sequence} ({}, {}) was changed", event.kind, event.id))
}
