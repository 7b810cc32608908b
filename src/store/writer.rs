//! The SQLite writer that groups concurrent transactions.
//!
//! SQLite has one writer at a time and every durable commit waits for the disk. One task therefore owns the only writing connection and runs
//! whatever is waiting in one transaction: one wait for the disk answers many callers. Nobody waits for company: a lone caller's job starts at once,
//! and the next group is what queued up meanwhile.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span};

use super::conn::{AfterCommit, Counts, committed};
use super::error::{Error, Result};
use super::{BoxFuture, Conn};

/// Callers that may wait. More are told to come back later.
const QUEUE: usize = 1024;
/// Members of one transaction: bounds how much a failing member makes the others repeat.
const GROUP: usize = 128;

/// The queue's end that callers hold.
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Member>>,
    closing: CancellationToken,
    task: TaskTracker,
}

impl Writer {
    /// Starts the task on an open connection. `options` open it again should it ever be left in an unknown state.
    pub(super) fn start(connection: DatabaseConnection, options: ConnectOptions, counts: Arc<Counts>) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (closing, task) = (CancellationToken::new(), TaskTracker::new());
        let worker = Worker { connection, options, counts };
        task.spawn(worker.run(jobs, closing.clone()));
        task.close();
        Self { queue, closing, task }
    }

    /// Queues `job` and answers after the commit it was part of.
    ///
    /// # Errors
    /// The job's own, or the database's; `Unavailable` when the queue is full or closed.
    pub(super) async fn run<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let member = Box::new(Waiting { job, made: None, reply, span: Span::current() });
        self.queue.try_send(member).map_err(|refused| {
            Error::Unavailable(match refused {
                mpsc::error::TrySendError::Full(_) => "too many writes are waiting".to_owned(),
                mpsc::error::TrySendError::Closed(_) => "the store is closed".to_owned(),
            })
        })?;
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("the writer is gone".to_owned())))
    }

    /// Jobs in the queue.
    pub(super) fn waiting(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }

    /// Takes no more jobs, finishes those that wait, and closes the connection.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        self.task.wait().await;
    }
}

/// A queued job with its caller.
trait Member: Send {
    /// Runs the job and keeps what it made until the commit.
    fn run<'c>(&'c mut self, conn: &'c Conn<'c>) -> BoxFuture<'c, Result<()>>;

    /// Tells the caller; nobody may be listening any more.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

struct Waiting<T, F> {
    job: F,
    made: Option<T>,
    reply: oneshot::Sender<Result<T>>,
    /// Of the request that waits: what is logged on the way is its.
    span: Span,
}

impl<T, F> Member for Waiting<T, F>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
{
    fn run<'c>(&'c mut self, conn: &'c Conn<'c>) -> BoxFuture<'c, Result<()>> {
        let span = self.span.clone();
        let run = async move {
            self.made = None;
            self.made = Some((self.job)(conn).await?);
            Ok(())
        };
        Box::pin(run.instrument(span))
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let made = self.made;
        let answer = outcome.and_then(|()| made.ok_or_else(|| Error::Database("a committed job made nothing".to_owned())));
        let _ = self.reply.send(answer);
    }
}

/// Why a group was not committed.
enum Failure {
    /// A member's job failed: the others deserve another try.
    Member(Error),
    /// The transaction itself failed: it failed for everybody.
    Transaction(Error),
}

struct Worker {
    connection: DatabaseConnection,
    options: ConnectOptions,
    counts: Arc<Counts>,
}

impl Worker {
    async fn run(mut self, mut jobs: mpsc::Receiver<Box<dyn Member>>, closing: CancellationToken) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            let taken = tokio::select! {
                biased;
                taken = jobs.recv_many(&mut group, GROUP) => taken,
                () = closing.cancelled(), if !jobs.is_closed() => {
                    jobs.close();
                    continue;
                }
            };
            if taken == 0 {
                break;
            }
            self.settle(&mut group).await;
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "closing the database");
        }
    }

    /// Runs the group and answers every member, leaving it empty.
    async fn settle(&mut self, group: &mut Vec<Box<dyn Member>>) {
        match self.transact(group).await {
            Ok(()) => group.drain(..).for_each(|member| member.answer(Ok(()))),
            Err(Failure::Transaction(error)) => group.drain(..).for_each(|member| member.answer(Err(error.clone()))),
            Err(Failure::Member(error)) if group.len() == 1 => group.drain(..).for_each(|member| member.answer(Err(error.clone()))),
            Err(Failure::Member(_)) => {
                for mut member in group.drain(..) {
                    let outcome = match self.transact(std::slice::from_mut(&mut member)).await {
                        Ok(()) => Ok(()),
                        Err(Failure::Member(error) | Failure::Transaction(error)) => Err(error),
                    };
                    member.answer(outcome);
                }
            }
        }
    }

    /// One transaction around all `members`, up to the first that fails.
    async fn transact(&mut self, members: &mut [Box<dyn Member>]) -> std::result::Result<(), Failure> {
        let transaction = match self.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return Err(self.give_up(error).await),
        };
        let outcome = run_all(members, &transaction, &self.counts).await;
        let ended = match &outcome {
            Ok(_) => transaction.commit().await.and_then(|()| self.counts.lost()),
            Err(_) => transaction.rollback().await,
        };
        match (outcome, ended) {
            (Ok(after), Ok(())) => {
                committed(after);
                Ok(())
            }
            (Err(error), Ok(())) => Err(Failure::Member(error)),
            (Ok(_), Err(error)) => Err(self.give_up(error).await),
            // The member's error is why the transaction is gone (a full disk rolls back by itself).
            (Err(error), Err(rollback)) => {
                self.give_up(rollback).await;
                Err(Failure::Member(error))
            }
        }
    }

    async fn begin(&self) -> std::result::Result<DatabaseTransaction, DbErr> {
        let immediate =
            TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
        self.connection.begin_with_options(immediate).await
    }

    /// After `BEGIN`, `COMMIT` or `ROLLBACK` failed nobody knows what state the connection is in: closing it undoes what is open. When no new one
    /// can be had, the next group fails at `BEGIN` and it is tried again.
    async fn give_up(&mut self, error: DbErr) -> Failure {
        tracing::warn!(%error, "a transaction failed; opening a new connection");
        let _ = self.connection.close_by_ref().await;
        match Database::connect(self.options.clone()).await {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::warn!(%error, "no new connection"),
        }
        Failure::Transaction(error.into())
    }
}

/// Answers what the members left to be done after the commit.
async fn run_all(members: &mut [Box<dyn Member>], transaction: &DatabaseTransaction, counts: &Counts) -> Result<Vec<AfterCommit>> {
    let conn = Conn::new(transaction, counts);
    for member in members {
        // A panic must cost its own caller alone, not the task that everybody needs. The transaction is rolled back, so nothing half-done is seen.
        match AssertUnwindSafe(member.run(&conn)).catch_unwind().await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(Error::Database("a write job panicked".to_owned())),
        }
    }
    counts.fault()?;
    Ok(conn.into_after_commit())
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
