//! Keeping to a directory: whatever it declares is brought about, whatever others change is undone, what it no longer declares goes by the policy.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::apply::{Error, Marks, apply_marked, demotes};
use super::compare::{Hashing, Verified, compare};
use super::directory::Directory;
use super::in_force::{InForce, Observed, Turn};
use super::plan::{Options, Plan};
use super::standing::{Standing, Unfit};
use super::{Document, Key, removal};
use crate::account::password::Passwords;
use crate::clock::Timestamp;
use crate::config::Removal;
use crate::store::declared_objects::{self, DeclaredObject, State};
use crate::store::mails::Mail;
use crate::store::users::User;
use crate::store::{Store, settings};

const LAST_ADMINISTRATOR: &str =
    "This would leave the service without an administrator, and whoever finds the set-up page could become one. Declare another first.";

/// What keeping to a directory takes.
#[derive(Clone, Copy)]
pub struct Keeping<'a> {
    pub store: &'a Store,
    pub passwords: &'a Passwords,
    pub removal: Removal,
    pub options: Options,
}

/// What came of one look.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub turn: Turn,
    /// Objects that were changed.
    pub changed: Vec<Key>,
    /// Objects and documents whose state is another one now.
    pub news: Vec<DeclaredObject>,
    /// How far all of them have come.
    pub objects: Vec<DeclaredObject>,
}

/// One replica's memory of what it saw and did.
#[derive(Debug, Default)]
pub struct Reconciler {
    observed: Option<Observed>,
    verified: Verified,
    insistent: bool,
    notices: Notices,
}

/// How people are told that their password was set.
#[derive(Clone, Default)]
struct Notices(Option<Arc<Notice>>);

type Notice = dyn Fn(&User, Timestamp) -> Mail + Send + Sync;

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notices")
    }
}

impl Reconciler {
    /// Of somebody who says that this directory is the one, whatever is in force.
    #[must_use]
    pub fn insistent() -> Self {
        Self { insistent: true, ..Self::default() }
    }

    /// Tells people that their password was set, by these mails.
    #[must_use]
    pub fn telling(self, notice: impl Fn(&User, Timestamp) -> Mail + Send + Sync + 'static) -> Self {
        Self { notices: Notices(Some(Arc::new(notice))), ..self }
    }

    /// Whether the directory is another one than at the last look.
    #[must_use]
    pub fn is_news(&self, directory: &Directory) -> bool {
        !self.observed.as_ref().is_some_and(|observed| observed.saw(&directory.digest))
    }

    /// One look: reads, and writes in one transaction what is not as declared; nothing when all is.
    ///
    /// # Errors
    /// The store's; [`Error::Changed`] when somebody else was faster: look again.
    pub async fn pass(&mut self, keeping: Keeping<'_>, directory: &Directory) -> Result<Outcome, Error> {
        let now = keeping.options.now;
        let stored = settings::find(&keeping.store.read(), InForce::SETTING).await?;
        let earlier = stored.as_deref().and_then(InForce::parse);
        if self.insistent {
            self.observed = Some(Observed::insist(&directory.digest));
        }
        let turn = Observed::look(&mut self.observed, &directory.digest).turn(earlier.as_ref(), now);
        let rows = declared_objects::list(&keeping.store.read()).await?;
        if turn == Turn::Behind {
            return Ok(Outcome { turn, changed: Vec::new(), news: Vec::new(), objects: rows });
        }
        let mut prepared = Prepared::make(keeping, &self.verified, directory, &rows).await?;
        let becomes = match (turn, &stored) {
            (Turn::Keep, Some(same)) => same.clone(),
            _ => InForce::follow(earlier, &directory.digest, now).to_bytes(),
        };
        prepared.marks.in_force = Some((InForce::SETTING, stored.clone(), becomes.clone()));
        if let Some(notice) = &self.notices.0 {
            prepared.plan.tell(|user| notice(user, now));
        }
        if !prepared.is_nothing() || stored.as_ref() != Some(&becomes) {
            prepared.write(keeping).await?;
        }
        if let Some(observed) = &mut self.observed {
            observed.spend();
        }
        let changed = prepared.plan.changes.iter().map(super::Change::key).collect();
        let objects = declared_objects::list(&keeping.store.read()).await?;
        Ok(Outcome { turn, changed, news: prepared.marks.updated, objects })
    }
}

/// What keeping to a directory would change, and how far each object would come. Writes nothing.
///
/// # Errors
/// The store's.
pub async fn preview(keeping: Keeping<'_>, directory: &Directory) -> Result<(Plan, Vec<DeclaredObject>), Error> {
    let rows = declared_objects::list(&keeping.store.read()).await?;
    let prepared = Prepared::make(keeping, &Verified::default(), directory, &rows).await?;
    let unready = prepared.marks.updated.into_iter().filter(|row| row.state != State::Ready);
    let lasting = rows.into_iter().filter(|row| row.state != State::Ready);
    let mut seen = BTreeSet::new();
    let released: BTreeSet<(String, String)> = prepared.marks.removed.into_iter().collect();
    let all = unready.chain(lasting).filter(|row| {
        let key = (row.kind.clone(), row.id.clone());
        !released.contains(&key) && seen.insert(key)
    });
    Ok((prepared.plan, all.collect()))
}

/// A plan with the marks that go with it.
struct Prepared {
    plan: Plan,
    marks: Marks,
}

impl Prepared {
    async fn make(keeping: Keeping<'_>, verified: &Verified, directory: &Directory, rows: &[DeclaredObject]) -> Result<Self, Error> {
        let now = keeping.options.now;
        let (document, sources) = directory.joined();
        let mut unfit = waiting(&document);
        let fit = document.clone().without(|key| unfit.contains_key(key));
        let hashing = Hashing { passwords: keeping.passwords, verified };
        let mut plan = compare(keeping.store, hashing, &fit, keeping.options).await?;
        for (key, problem) in std::mem::take(&mut plan.problems) {
            unfit.insert(key, (State::Pending, problem.to_string()));
        }
        plan.changes.retain(|change| !unfit.contains_key(&change.key()));
        let declared: BTreeSet<&Key> = sources.iter().map(|(key, _)| key).collect();
        // What a document that cannot be read declares nobody knows: then nothing is taken for removed.
        let certain = directory.broken().next().is_none();
        let keys = rows.iter().filter(|_| certain).filter_map(|row| Key::of(&row.kind, &row.id));
        let released: Vec<Key> = keys.filter(|key| !declared.contains(key)).collect();
        for key in &released {
            let gone = removal::change(&keeping.store.read(), key, (keeping.removal, now), &plan.changes).await?;
            plan.changes.extend(gone);
        }
        let standing = Standing { directory, document: &document, sources: &sources, unfit: &unfit };
        Ok(Self { marks: standing.marks(rows, &released, now), plan })
    }

    const fn is_nothing(&self) -> bool {
        self.plan.changes.is_empty() && self.marks.updated.is_empty() && self.marks.removed.is_empty()
    }

    async fn write(&mut self, keeping: Keeping<'_>) -> Result<(), Error> {
        let now = keeping.options.now;
        match apply_marked(keeping.store, &self.plan, self.marks.clone(), now).await {
            Err(Error::LastAdministrator) => {}
            outcome => return outcome,
        }
        // All but what would take the last administrator away, which waits.
        let (kept, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.plan.changes).into_iter().partition(demotes);
        self.plan.changes = rest;
        for key in kept.iter().map(super::Change::key) {
            self.marks.removed.retain(|(kind, id)| (kind.as_str(), id) != (key.kind, &key.id));
            let fresh = self.marks.updated.iter().position(|row| (row.kind.as_str(), &row.id) == (key.kind, &key.id));
            let row = match fresh.map(|at| self.marks.updated.remove(at)) {
                Some(row) => Some(row),
                None => declared_objects::find(&keeping.store.read(), key.kind, &key.id).await?,
            };
            if let Some(row) = row {
                let waits = (State::Pending, Some(LAST_ADMINISTRATOR.to_owned()));
                if (row.state, row.reason.clone()) != waits {
                    self.marks.updated.push(DeclaredObject { state: waits.0, reason: waits.1, since: now, ..row });
                }
            }
        }
        if self.is_nothing() && self.marks.in_force.as_ref().is_some_and(|(_, seen, becomes)| seen.as_ref() == Some(becomes)) {
            return Ok(());
        }
        apply_marked(keeping.store, &self.plan, self.marks.clone(), now).await
    }
}

/// What the documents themselves say cannot be brought about yet.
fn waiting(document: &Document) -> Unfit {
    let mut unfit = Unfit::new();
    for client in &document.clients {
        if let Some(problem) = &client.waits {
            unfit.insert(Key::client(&client.client_id), (State::Pending, problem.to_string()));
        }
    }
    for user in &document.users {
        if let Some(problem) = &user.waits {
            unfit.insert(Key::user(&user.email), (State::Pending, problem.to_string()));
        }
    }
    for (key, problem) in document.duplicates() {
        unfit.insert(key, (State::Error, problem.to_string()));
    }
    unfit
}
