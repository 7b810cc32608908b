//! What statements run on, and how many there were.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use sea_orm::{ConnectionTrait, DatabaseExecutor, DbBackend, DbErr, ExecResult, QueryResult, Statement, StatementBuilder};
use uuid::Uuid;

use super::error::Result;
use super::refusal;
use crate::clock::Timestamp;
use crate::secret;
use crate::telemetry::metrics::{Metrics, Statement as Kind};

/// Something statements run on: the database itself, or a transaction.
pub struct Conn<'c> {
    pub(super) executor: DatabaseExecutor<'c>,
    pub(super) counts: &'c Counts,
    /// Empty, and then without a heap allocation, in most transactions.
    after_commit: Mutex<Vec<AfterCommit>>,
}

/// What a job leaves to be done when it has been committed.
pub(super) type AfterCommit = Box<dyn FnOnce() + Send>;

/// Statements executed, without `BEGIN`, `COMMIT` and migrations.
#[derive(Debug, Default)]
pub(super) struct Counts {
    reads: AtomicU64,
    writes: AtomicU64,
    /// What orders the events of one millisecond.
    events: AtomicU32,
    pub(super) metrics: OnceLock<Metrics>,
    /// For the test that asks the database how it would run them.
    #[cfg(test)]
    pub(super) statements: std::sync::Mutex<Vec<Statement>>,
    /// How many statements there are until one fails on purpose; 0: none will.
    #[cfg(debug_assertions)]
    until_fault: AtomicU64,
    /// How many commits there are until one takes effect and fails all the same; 0: none will.
    #[cfg(debug_assertions)]
    until_lost: AtomicU64,
}

impl Counts {
    pub(super) fn both(&self) -> (u64, u64) {
        (self.reads.load(Ordering::Relaxed), self.writes.load(Ordering::Relaxed))
    }

    fn record(&self, statement: &Statement) -> std::result::Result<(), DbErr> {
        self.count(&statement.sql);
        #[cfg(test)]
        self.statements.lock().unwrap().push(statement.clone());
        self.fault()
    }

    /// Lets the `n`-th statement from now fail, commits counted along, as if the database had gone away before it. 0: none.
    #[cfg(debug_assertions)]
    pub(super) fn fail(&self, n: u64) {
        self.until_fault.store(n, Ordering::SeqCst);
    }

    /// How many statements are left until the one that fails.
    #[cfg(debug_assertions)]
    pub(super) fn until_fault(&self) -> u64 {
        self.until_fault.load(Ordering::SeqCst)
    }

    /// Lets the answer to the `n`-th commit from now be lost: it has taken effect, and whoever asked for it is told that the database has gone away.
    #[cfg(debug_assertions)]
    pub(super) fn lose(&self, n: u64) {
        self.until_lost.store(n, Ordering::SeqCst);
    }

    /// The failure that was asked for, when it is its turn. Nothing at all in a release build.
    #[cfg(debug_assertions)]
    pub(super) fn fault(&self) -> std::result::Result<(), DbErr> {
        counted_down(&self.until_fault)
    }

    /// The same after a commit.
    #[cfg(debug_assertions)]
    pub(super) fn lost(&self) -> std::result::Result<(), DbErr> {
        counted_down(&self.until_lost)
    }

    #[cfg(not(debug_assertions))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the twin of the debug build's")]
    pub(super) const fn lost(&self) -> std::result::Result<(), DbErr> {
        Ok(())
    }

    #[cfg(not(debug_assertions))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the twin of the debug build's")]
    pub(super) const fn fault(&self) -> std::result::Result<(), DbErr> {
        Ok(())
    }

    fn count(&self, sql: &str) {
        let counter = match kind(sql) {
            Kind::Read => &self.reads,
            Kind::Write => &self.writes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The same with its time and its failure noted, where somebody wants to know. What fails in a write is counted with the write.
    fn timed<'f, T: 'f>(&'f self, kind: Kind, run: impl FnOnce() -> Boxed<'f, T>) -> Boxed<'f, T> {
        let Some(metrics) = self.metrics.get() else { return run() };
        let begun = Instant::now();
        let running = run();
        Box::pin(async move {
            let outcome = running.await;
            metrics.database().statement(kind, begun.elapsed());
            if let Err(error) = &outcome
                && kind == Kind::Read
            {
                metrics.database().failed(matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)));
            }
            outcome
        })
    }
}

#[cfg(debug_assertions)]
fn counted_down(until: &AtomicU64) -> std::result::Result<(), DbErr> {
    let left = until.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    if left == Ok(1) { Err(DbErr::Conn(sea_orm::RuntimeErr::Internal("a fault on purpose".to_owned()))) } else { Ok(()) }
}

fn kind(sql: &str) -> Kind {
    if sql.starts_with("SELECT") { Kind::Read } else { Kind::Write }
}

impl<'c> Conn<'c> {
    pub(super) fn new(executor: impl Into<DatabaseExecutor<'c>>, counts: &'c Counts) -> Self {
        Self { executor: executor.into(), counts, after_commit: Mutex::default() }
    }

    /// The next id of an event: those that this process records are in the order in which they happened, also within a millisecond. After
    /// 2²⁶ events the order begins anew, which is seen only if that is in the same millisecond.
    #[must_use]
    pub fn event_id(&self, now: Timestamp) -> Uuid {
        secret::numbered_id(now, self.counts.events.fetch_add(1, Ordering::Relaxed))
    }

    /// Leaves `act` to be done once, after the commit of what runs on this connection; never if that is rolled back, and never on
    /// [`Store::read`](super::Store::read). A job that runs again starts with none. Acts must be quick: others wait for their answers.
    pub fn after_commit(&self, act: impl FnOnce() + Send + 'static) {
        self.after_commit.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(act));
    }

    /// Ends the use of this connection. What is to be done after the commit, in the order in which it was left.
    pub(super) fn into_after_commit(self) -> Vec<AfterCommit> {
        self.after_commit.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Outside a transaction each statement asks for a connection.
    fn patiently<'f, T: Send + 'f>(&self, statement: Statement, run: impl Fn(Statement) -> Boxed<'f, T> + Send + 'f) -> Boxed<'f, T> {
        match self.executor {
            DatabaseExecutor::Connection(pool) if pool.get_database_backend() == DbBackend::Postgres => {
                Box::pin(refusal::waited_out(move || run(statement.clone())))
            }
            _ => run(statement),
        }
    }

    /// Executes a statement that changes rows. How many it changed.
    pub(super) async fn change<S: StatementBuilder>(&self, statement: &S) -> Result<u64> {
        Ok(self.execute(statement).await?.rows_affected())
    }
}

/// After the commit. A panic costs its own act alone: the commit stands, and so do the other acts.
pub(super) fn committed(acts: Vec<AfterCommit>) {
    for act in acts {
        if catch_unwind(AssertUnwindSafe(act)).is_err() {
            tracing::error!("what a job left to be done after its commit panicked");
        }
    }
}

/// The future of `async_trait`, so that forwarding costs no second box.
type Boxed<'f, T> = Pin<Box<dyn Future<Output = std::result::Result<T, DbErr>> + Send + 'f>>;

impl ConnectionTrait for Conn<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.executor.get_database_backend()
    }

    fn execute_raw<'s, 'f>(&'s self, statement: Statement) -> Boxed<'f, ExecResult>
    where
        's: 'f,
        Self: 'f,
    {
        self.counts.timed(kind(&statement.sql), move || match self.counts.record(&statement) {
            Ok(()) => self.patiently(statement, |statement| self.executor.execute_raw(statement)),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        })
    }

    fn execute_unprepared<'s, 'q, 'f>(&'s self, sql: &'q str) -> Boxed<'f, ExecResult>
    where
        's: 'f,
        'q: 'f,
        Self: 'f,
    {
        self.counts.count(sql);
        if let Err(fault) = self.counts.fault() {
            return Box::pin(std::future::ready(Err(fault)));
        }
        self.executor.execute_unprepared(sql)
    }

    fn query_one_raw<'s, 'f>(&'s self, statement: Statement) -> Boxed<'f, Option<QueryResult>>
    where
        's: 'f,
        Self: 'f,
    {
        self.counts.timed(kind(&statement.sql), move || match self.counts.record(&statement) {
            Ok(()) => self.patiently(statement, |statement| self.executor.query_one_raw(statement)),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        })
    }

    fn query_all_raw<'s, 'f>(&'s self, statement: Statement) -> Boxed<'f, Vec<QueryResult>>
    where
        's: 'f,
        Self: 'f,
    {
        self.counts.timed(kind(&statement.sql), move || match self.counts.record(&statement) {
            Ok(()) => self.patiently(statement, |statement| self.executor.query_all_raw(statement)),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        })
    }
}
