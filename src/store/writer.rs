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

use super::conn::Counts;
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
        let member = Box::new(Waiting { job, made: None, reply });
        self.queue.try_send(member).map_err(|refused| {
            Error::Unavailable(match refused {
                mpsc::error::TrySendError::Full(_) => "too many writes are waiting".to_owned(),
                mpsc::error::TrySendError::Closed(_) => "the store is closed".to_owned(),
            })
        })?;
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("the writer is gone".to_owned())))
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
}

impl<T, F> Member for Waiting<T, F>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
{
    fn run<'c>(&'c mut self, conn: &'c Conn<'c>) -> BoxFuture<'c, Result<()>> {
        Box::pin(async move {
            self.made = None;
            self.made = Some((self.job)(conn).await?);
            Ok(())
        })
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
        let failed = run_all(members, &transaction, &self.counts).await.err();
        let ended = if failed.is_some() { transaction.rollback().await } else { transaction.commit().await };
        match (failed, ended) {
            (None, Ok(())) => Ok(()),
            (Some(error), Ok(())) => Err(Failure::Member(error)),
            (None, Err(error)) => Err(self.give_up(error).await),
            // The member's error is why the transaction is gone (a full disk rolls back by itself).
            (Some(error), Err(rollback)) => {
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

async fn run_all(members: &mut [Box<dyn Member>], transaction: &DatabaseTransaction, counts: &Counts) -> Result<()> {
    let conn = Conn::new(transaction, counts);
    for member in members {
        // A panic must cost its own caller alone, not the task that everybody needs. The transaction is rolled back, so nothing half-done is seen.
        match AssertUnwindSafe(member.run(&conn)).catch_unwind().await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(Error::Database("a write job panicked".to_owned())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::super::testing::TestDatabase;
    use super::super::{Conn, Error, Result, Store, settings};

    async fn put(conn: &Conn<'_>, name: &str) -> Result<()> {
        settings::update(conn, name, name.as_bytes()).await
    }

    /// Keeps the writer busy until it is notified; what is queued meanwhile makes one group.
    async fn hold(store: &Store) -> Arc<Notify> {
        let (started, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (store, begun, held) = (store.clone(), Arc::clone(&started), Arc::clone(&release));
        tokio::spawn(async move {
            store
                .write(move |_| {
                    let (begun, held) = (Arc::clone(&begun), Arc::clone(&held));
                    Box::pin(async move {
                        begun.notify_one();
                        held.notified().await;
                        Ok(())
                    })
                })
                .await
        });
        started.notified().await;
        release
    }

    fn spawn_put(store: &Store, name: &'static str) -> tokio::task::JoinHandle<Result<()>> {
        let store = store.clone();
        tokio::spawn(async move { store.write(move |conn| Box::pin(put(conn, name))).await })
    }

    #[tokio::test]
    async fn an_answered_write_is_seen_by_readers() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let writes = (0..40).map(|number| {
                let store = store.clone();
                async move {
                    let name = format!("setting-{number}");
                    let key = name.clone();
                    store
                        .write(move |conn| {
                            let key = key.clone();
                            Box::pin(async move { put(conn, &key).await })
                        })
                        .await
                        .unwrap();
                    assert!(settings::find(&store.read(), &name).await.unwrap().is_some(), "{name} was answered before its commit");
                }
            });
            futures_util::future::join_all(writes).await;
            store.close().await;
        }
    }

    #[tokio::test]
    async fn a_failing_member_costs_the_others_of_its_group_nothing() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        let release = hold(&store).await;
        let (first, last) = (spawn_put(&store, "first"), spawn_put(&store, "last"));
        let failing = {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(|conn| {
                        Box::pin(async move {
                            put(conn, "undone").await?;
                            Err::<(), _>(Error::NotFound("reason to go on"))
                        })
                    })
                    .await
            })
        };
        let panicking = {
            let store = store.clone();
            tokio::spawn(async move { store.write::<(), _>(|_| panic!("in a job")).await })
        };
        tokio::time::sleep(Duration::from_millis(50)).await;
        release.notify_one();
        first.await.unwrap().unwrap();
        last.await.unwrap().unwrap();
        assert!(matches!(failing.await.unwrap(), Err(Error::NotFound("reason to go on"))));
        assert!(matches!(panicking.await.unwrap(), Err(Error::Database(_))));
        assert!(settings::find(&store.read(), "first").await.unwrap().is_some());
        assert!(settings::find(&store.read(), "last").await.unwrap().is_some());
        assert!(settings::find(&store.read(), "undone").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_queues_up_meanwhile_shares_one_transaction() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        let release = hold(&store).await;
        let runs = Arc::new(AtomicU32::new(0));
        let writes: Vec<_> = (0..20)
            .map(|_| {
                let (store, runs) = (store.clone(), Arc::clone(&runs));
                tokio::spawn(async move {
                    store
                        .write(move |conn| {
                            // Only in a shared transaction does a member see what an uncommitted one before it wrote.
                            let earlier = runs.fetch_add(1, Ordering::SeqCst);
                            Box::pin(async move {
                                let seen = settings::find(conn, "shared").await?.is_some();
                                put(conn, "shared").await?;
                                Ok(seen == (earlier > 0))
                            })
                        })
                        .await
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(settings::find(&store.read(), "shared").await.unwrap().is_none());
        release.notify_one();
        for write in writes {
            assert!(write.await.unwrap().unwrap());
        }
    }

    #[tokio::test]
    async fn a_job_runs_to_its_end_when_its_caller_goes_away() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let caller = tokio::time::timeout(
                Duration::from_millis(20),
                store.write(|conn| {
                    Box::pin(async move {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        put(conn, "finished").await
                    })
                }),
            )
            .await;
            assert!(caller.is_err());
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(settings::find(&store.read(), "finished").await.unwrap().is_some());
        }
    }

    #[tokio::test]
    async fn a_full_queue_and_a_closed_writer_are_unavailable() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        let release = hold(&store).await;
        let mut waiting: Vec<_> = (0..super::QUEUE).map(|_| spawn_put(&store, "many")).collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(matches!(spawn_put(&store, "one too many").await.unwrap(), Err(Error::Unavailable(_))));
        release.notify_one();
        for write in waiting.drain(..) {
            write.await.unwrap().unwrap();
        }
        store.close().await;
        assert!(matches!(spawn_put(&store, "late").await.unwrap(), Err(Error::Unavailable(_))));
    }

    #[tokio::test]
    async fn queued_writes_are_finished_before_the_store_closes() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        let release = hold(&store).await;
        let write = spawn_put(&store, "queued");
        tokio::time::sleep(Duration::from_millis(50)).await;
        release.notify_one();
        store.close().await;
        write.await.unwrap().unwrap();
        let again = database.open().await;
        assert!(settings::find(&again.read(), "queued").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_transaction_that_broke_off_does_not_break_the_next() {
        let database = TestDatabase::sqlite();
        let store = database.migrated().await;
        // Ends the transaction behind the driver's back, as a full disk does.
        assert!(matches!(
            store
                .write(|conn| {
                    Box::pin(async move {
                        sea_orm::ConnectionTrait::execute_unprepared(conn, "ROLLBACK").await?;
                        Err::<(), _>(Error::Unavailable("disk full".to_owned()))
                    })
                })
                .await,
            Err(Error::Unavailable(_))
        ));
        spawn_put(&store, "after").await.unwrap().unwrap();
        assert!(settings::find(&store.read(), "after").await.unwrap().is_some());
    }

    /// Prints a rate; run it with `--ignored --nocapture`.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "measures"]
    async fn rate_of_group_commits() {
        for callers in [1_u32, 16, 64] {
            let database = TestDatabase::sqlite();
            let store = database.migrated().await;
            let done = Arc::new(AtomicU32::new(0));
            let start = std::time::Instant::now();
            let tasks: Vec<_> = (0..callers)
                .map(|_| {
                    let (store, done) = (store.clone(), Arc::clone(&done));
                    tokio::spawn(async move {
                        while start.elapsed() < Duration::from_secs(3) {
                            let grant = super::super::testing::grant(crate::secret::random_id(), crate::secret::random_id());
                            store
                                .write(move |conn| {
                                    let grant = grant.clone();
                                    Box::pin(async move { super::super::grants::redeem(conn, &grant).await.map(drop) })
                                })
                                .await
                                .unwrap();
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                })
                .collect();
            futures_util::future::join_all(tasks).await;
            let rate = f64::from(done.load(Ordering::Relaxed)) / start.elapsed().as_secs_f64();
            tracing::info!(callers, rate);
            assert!(
                std::io::Write::write_all(&mut std::io::stderr(), format!("{callers} callers: {rate:.0} redemptions/s\n").as_bytes())
                    .is_ok()
            );
        }
    }
}
