//! What statements run on, and how many there were.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnectionTrait, DatabaseExecutor, DbBackend, DbErr, ExecResult, QueryResult, Statement, StatementBuilder};

use super::error::Result;

/// Something statements run on: the database itself, or a transaction.
pub struct Conn<'c> {
    pub(super) executor: DatabaseExecutor<'c>,
    pub(super) counts: &'c Counts,
}

/// Statements executed, without `BEGIN`, `COMMIT` and migrations.
#[derive(Debug, Default)]
pub(super) struct Counts {
    reads: AtomicU64,
    writes: AtomicU64,
    /// For the test that asks the database how it would run them.
    #[cfg(test)]
    pub(super) statements: std::sync::Mutex<Vec<Statement>>,
}

impl Counts {
    pub(super) fn both(&self) -> (u64, u64) {
        (self.reads.load(Ordering::Relaxed), self.writes.load(Ordering::Relaxed))
    }

    fn record(&self, statement: &Statement) {
        self.count(&statement.sql);
        #[cfg(test)]
        self.statements.lock().unwrap().push(statement.clone());
    }

    fn count(&self, sql: &str) {
        let counter = if sql.starts_with("SELECT") { &self.reads } else { &self.writes };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl<'c> Conn<'c> {
    pub(super) fn new(executor: impl Into<DatabaseExecutor<'c>>, counts: &'c Counts) -> Self {
        Self { executor: executor.into(), counts }
    }

    /// Executes a statement that changes rows. How many it changed.
    pub(super) async fn change<S: StatementBuilder>(&self, statement: &S) -> Result<u64> {
        Ok(self.execute(statement).await?.rows_affected())
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
        self.counts.record(&statement);
        self.executor.execute_raw(statement)
    }

    fn execute_unprepared<'s, 'q, 'f>(&'s self, sql: &'q str) -> Boxed<'f, ExecResult>
    where
        's: 'f,
        'q: 'f,
        Self: 'f,
    {
        self.counts.count(sql);
        self.executor.execute_unprepared(sql)
    }

    fn query_one_raw<'s, 'f>(&'s self, statement: Statement) -> Boxed<'f, Option<QueryResult>>
    where
        's: 'f,
        Self: 'f,
    {
        self.counts.record(&statement);
        self.executor.query_one_raw(statement)
    }

    fn query_all_raw<'s, 'f>(&'s self, statement: Statement) -> Boxed<'f, Vec<QueryResult>>
    where
        's: 'f,
        Self: 'f,
    {
        self.counts.record(&statement);
        self.executor.query_all_raw(statement)
    }
}
