//! Where secrets were guessed a short while ago, so that nobody guesses there without paying, and nobody else pays.
//!
//! As long as nothing fails under a key, what is shown is checked without asking the store. From the first failure on each check is paid for before it is
//! made: one caller at a time pays, and what was paid serves whoever is right until somebody is wrong. The last of those that are in there together takes
//! it back. So many that are right never use up what one of them needs, and each that is wrong has paid.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::bounded::{Bounded, Period};
use crate::clock::Timestamp;
use crate::config::Quota;

/// Keys at once: as many as each limiter of the coarse fence gives budgets of their own. When there is no room for more, whoever is not among them pays first.
const MOST: usize = 65_536;

/// The store is asked again after so long, however long it said: another replica may have given back what it had taken, or an operator released the key.
const ASKED_AGAIN: Duration = Duration::from_secs(1);

pub struct Noted(Mutex<Bounded<Note>>);

struct Note {
    /// For how long each check is paid for.
    failed: Period,
    /// Nothing was left to pay with; and until when the store said that would be.
    refused: Option<(Period, Timestamp)>,
    /// What was paid for and not used up by a failure.
    paid: Option<Quota>,
    /// Callers that pay or wait for their turn.
    inside: usize,
    turns: Arc<tokio::sync::Mutex<()>>,
}

/// What came of looking at what was shown.
pub enum Looked<T, E> {
    /// It was checked unpaid, since nothing had failed. If it is wrong that is to be paid for now.
    Unpaid(Result<T, E>),
    /// It was checked with what had been paid.
    Paid(Result<T, E>),
    /// Nothing is checked until then.
    RefusedUntil(Timestamp),
    /// It was not checked: [`Noted::enter`], and pay.
    ToPay,
}

impl Default for Noted {
    fn default() -> Self {
        Self(Mutex::new(Bounded::new(MOST)))
    }
}

impl Noted {
    fn lock(&self) -> MutexGuard<'_, Bounded<Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks, if that may be done without paying, and notes a failure for as long as `per`, all at once: of any number of callers no second one is checked
    /// unpaid after the first that failed.
    pub fn look<T, E>(&self, key: &str, (now, per): (Timestamp, Duration), check: impl FnOnce() -> Result<T, E>) -> Looked<T, E> {
        let mut notes = self.lock();
        let Some(note) = notes.kept.get_mut(key) else {
            if !notes.has_room(now, |note| note.is_needed(now)) {
                return Looked::ToPay;
            }
            let checked = check();
            if checked.is_err() {
                notes.kept.insert(key.to_owned(), Note::new(Period::of(now, per)));
            }
            return Looked::Unpaid(checked);
        };
        if let Some((_, until)) = note.refused.filter(|(refused, _)| refused.holds(now)) {
            return Looked::RefusedUntil(until);
        }
        let is_paid = note.failed.holds(now);
        if is_paid && note.paid.is_none() {
            return Looked::ToPay;
        }
        let checked = check();
        if checked.is_err() {
            (note.failed, note.paid) = (Period::of(now, per), None);
        }
        if is_paid { Looked::Paid(checked) } else { Looked::Unpaid(checked) }
    }

    /// Nothing is left of `key` until then.
    pub fn refuse(&self, key: &str, until: Timestamp, now: Timestamp) {
        if let Some(note) = self.lock().kept.get_mut(key) {
            note.refused = Some((Period { since: now, until: until.min(now.plus(ASKED_AGAIN)) }, until));
        }
    }

    /// For whoever has to pay first.
    pub fn enter(&self, key: &str) -> Turn<'_> {
        let turns = self.lock().kept.get_mut(key).map(|note| {
            note.inside = note.inside.saturating_add(1);
            Arc::clone(&note.turns)
        });
        Turn { noted: self, key: key.to_owned(), turns, unlisted: None }
    }
}

impl Note {
    fn new(failed: Period) -> Self {
        Self { failed, refused: None, paid: None, inside: 0, turns: Arc::default() }
    }

    fn is_needed(&self, now: Timestamp) -> bool {
        self.inside > 0 || self.failed.holds(now) || self.refused.is_some_and(|(refused, _)| refused.holds(now))
    }
}

/// One that pays first.
pub struct Turn<'a> {
    noted: &'a Noted,
    key: String,
    /// None: there was no room for a note, or it has left.
    turns: Option<Arc<tokio::sync::Mutex<()>>>,
    /// What it paid, without a note to share it by.
    unlisted: Option<Quota>,
}

impl Turn<'_> {
    /// Those under one key pay one after another: what the first has paid may do for all. To be held until everything is given back.
    pub async fn comes(&self) -> Option<OwnedMutexGuard<()>> {
        match &self.turns {
            Some(turns) => Some(Arc::clone(turns).lock_owned().await),
            None => None,
        }
    }

    /// Checks what has been paid for.
    ///
    /// # Errors
    /// What `check` fails with.
    pub fn check_paid<T, E>(&mut self, quota: Quota, now: Timestamp, check: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut notes = self.noted.lock();
        let checked = check();
        let note = if self.turns.is_some() { notes.kept.get_mut(&self.key) } else { None };
        match (note, checked.is_ok()) {
            (Some(note), true) => note.paid = Some(quota),
            (Some(note), false) => note.failed = Period::of(now, quota.per),
            (None, true) => self.unlisted = Some(quota),
            (None, false) => {}
        }
        checked
    }

    /// What is to be given back: something was paid for, and nobody else is in there who could use it.
    pub fn leave(&mut self) -> Option<Quota> {
        if self.turns.take().is_none() {
            return self.unlisted.take();
        }
        let mut notes = self.noted.lock();
        let note = notes.kept.get_mut(&self.key)?;
        note.inside = note.inside.saturating_sub(1);
        if note.inside == 0 { note.paid.take() } else { None }
    }
}

/// A caller that went away in the middle leaves what it has paid to the next one.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.turns.take().is_some()
            && let Some(note) = self.noted.lock().kept.get_mut(&self.key)
        {
            note.inside = note.inside.saturating_sub(1);
        }
    }
}

#[cfg(test)]
#[path = "noted_tests.rs"]
mod tests;
