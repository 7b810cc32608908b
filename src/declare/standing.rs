//! How far every declared object has come, as the database keeps it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::apply::Marks;
use super::directory::{Directory, digests};
use super::{Document, Key};
use crate::clock::Timestamp;
use crate::store::declared_objects::{DeclaredObject, State};

/// The kind of a row for a document that cannot be used.
const DOCUMENT: &str = "document";

/// Objects that are not brought about for now, and why.
pub(super) type Unfit = BTreeMap<Key, (State, String)>;

/// What the directory says of its objects.
pub(super) struct Standing<'a> {
    pub(super) directory: &'a Directory,
    pub(super) document: &'a Document,
    /// The document each object is from.
    pub(super) sources: &'a [(Key, String)],
    pub(super) unfit: &'a Unfit,
}

impl Standing<'_> {
    /// The rows that are to be written, and those that go: `released` and what is no longer wrong.
    pub(super) fn marks(&self, rows: &[DeclaredObject], released: &[Key], now: Timestamp) -> Marks {
        let before: BTreeMap<(&str, &str), &DeclaredObject> = rows.iter().map(|row| ((row.kind.as_str(), row.id.as_str()), row)).collect();
        let wanted = self.rows(now);
        let names: BTreeSet<(&str, &str)> = wanted.iter().map(|row| (row.kind.as_str(), row.id.as_str())).collect();
        let mended = rows.iter().filter(|row| row.kind == DOCUMENT && !names.contains(&(DOCUMENT, row.id.as_str())));
        let removed = mended
            .map(|row| (row.kind.clone(), row.id.clone()))
            .chain(released.iter().map(|key| (key.kind.to_owned(), key.id.clone())))
            .collect();
        let updated = wanted.iter().filter_map(|row| changed(row, before.get(&(row.kind.as_str(), row.id.as_str())).copied())).collect();
        Marks { updated, removed, in_force: None }
    }

    fn rows(&self, now: Timestamp) -> Vec<DeclaredObject> {
        let digests: BTreeMap<Key, String> = digests(self.document).into_iter().collect();
        let sources: BTreeMap<&Key, &String> = self.sources.iter().rev().map(|(key, source)| (key, source)).collect();
        let objects = sources.into_iter().map(|(key, source)| {
            let unfit = self.unfit.get(key);
            DeclaredObject {
                kind: key.kind.to_owned(),
                id: key.id.clone(),
                source: source.clone(),
                state: unfit.map_or(State::Ready, |(state, _)| *state),
                reason: unfit.map(|(_, reason)| reason.clone()),
                since: now,
                digest: digests.get(key).cloned().unwrap_or_default(),
            }
        });
        let broken = self.directory.broken().map(|(file, problems)| {
            let reasons: Vec<String> = problems.iter().map(ToString::to_string).collect();
            DeclaredObject {
                kind: DOCUMENT.to_owned(),
                id: file.name.clone(),
                source: file.name.clone(),
                state: State::Error,
                reason: Some(reasons.join("\n")),
                since: now,
                digest: String::new(),
            }
        });
        objects.chain(broken).collect()
    }
}

/// The row to write; `None` when the one there is says the same. A state goes on since it began.
fn changed(row: &DeclaredObject, before: Option<&DeclaredObject>) -> Option<DeclaredObject> {
    let Some(before) = before else { return Some(row.clone()) };
    let lasts = (before.state, &before.reason) == (row.state, &row.reason);
    let row = DeclaredObject { since: if lasts { before.since } else { row.since }, ..row.clone() };
    (row != *before).then_some(row)
}
