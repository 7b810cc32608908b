//! The writer: answers after the commit, isolates failures, survives callers that go away.

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

/// Leaves a mark for after the commit, and then ends as told.
async fn marked(store: &Store, marks: &Arc<AtomicU32>, outcome: Result<()>) -> Result<()> {
    let marks = Arc::clone(marks);
    store
        .write(move |conn| {
            let (marks, outcome) = (Arc::clone(&marks), outcome.clone());
            Box::pin(async move {
                conn.after_commit(move || {
                    marks.fetch_add(1, Ordering::SeqCst);
                });
                outcome
            })
        })
        .await
}

#[tokio::test]
async fn what_is_left_for_after_the_commit_is_done_once_per_committed_job() {
    for database in TestDatabase::each().await {
        let store = database.migrated().await;
        let marks = Arc::new(AtomicU32::new(0));
        let jobs = (0..24).map(|job| marked(&store, &marks, if job % 6 == 0 { Err(Error::NotFound("reason")) } else { Ok(()) }));
        let outcomes = futures_util::future::join_all(jobs).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 4);
        assert_eq!(marks.load(Ordering::SeqCst), 20);
        let alone = Arc::clone(&marks);
        let one = store.write_one(move |conn| {
            let alone = Arc::clone(&alone);
            Box::pin(async move {
                conn.after_commit(move || {
                    alone.fetch_add(1, Ordering::SeqCst);
                });
                put(conn, "one").await
            })
        });
        one.await.unwrap();
        assert_eq!(marks.load(Ordering::SeqCst), 21);
    }
}

#[tokio::test]
async fn nothing_is_done_after_a_commit_that_failed() {
    let database = TestDatabase::sqlite();
    let store = database.migrated().await;
    let marks = Arc::new(AtomicU32::new(0));
    let left = Arc::clone(&marks);
    let broken = store.write(move |conn| {
        let left = Arc::clone(&left);
        Box::pin(async move {
            conn.after_commit(move || {
                left.fetch_add(1, Ordering::SeqCst);
            });
            // Behind the driver's back, so that there is nothing to commit.
            sea_orm::ConnectionTrait::execute_unprepared(conn, "ROLLBACK").await?;
            Ok(())
        })
    });
    assert!(broken.await.is_err());
    assert_eq!(marks.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_panic_after_the_commit_leaves_the_commit_and_the_writer_alone() {
    for database in TestDatabase::each().await {
        let store = database.migrated().await;
        let panicking = store.write(|conn| {
            Box::pin(async move {
                conn.after_commit(|| panic!("after the commit"));
                put(conn, "kept").await
            })
        });
        panicking.await.unwrap();
        spawn_put(&store, "next").await.unwrap().unwrap();
        assert!(settings::find(&store.read(), "kept").await.unwrap().is_some());
    }
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
            std::io::Write::write_all(&mut std::io::stderr(), format!("{callers} callers: {rate:.0} redemptions/s\n").as_bytes()).is_ok()
        );
    }
}
