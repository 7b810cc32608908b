//! A fixed number of threads for work that must not run on the asynchronous ones, behind a bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Busy;
use super::hasher::Hasher;
use crate::telemetry::metrics::Metrics;

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const GIVEN_UP: u8 = 2;

pub(super) struct PoolSize {
    pub(super) threads: usize,
    /// Jobs that may wait.
    pub(super) queue: usize,
    /// A job that has not been started by then is given up.
    pub(super) deadline: Duration,
}

/// Decides, once, whether a job is done by a thread or given up by its caller.
#[derive(Default)]
struct Claim(AtomicU8);

impl Claim {
    fn take(&self, by: u8) -> bool {
        self.0.compare_exchange(WAITING, by, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// Gives the job up when its caller goes away: nobody hashes for a closed connection.
struct Caller(Arc<Claim>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.take(GIVEN_UP);
    }
}

struct Job {
    claim: Arc<Claim>,
    queued: Instant,
    work: Box<dyn FnOnce(&mut Hasher) + Send>,
}

#[derive(Default)]
struct Load {
    /// In the queue, given up or not.
    waiting: AtomicUsize,
    running: AtomicUsize,
    metrics: OnceLock<Metrics>,
}

pub(super) struct Pool {
    queue: SyncSender<Job>,
    deadline: Duration,
    load: Arc<Load>,
}

impl Pool {
    /// Starts the threads; each makes its own hasher. They end when the pool is dropped.
    pub(super) fn start(size: &PoolSize, hasher: impl Fn() -> Hasher) -> Self {
        let (queue, jobs) = sync_channel(size.queue.max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        let load = Arc::new(Load::default());
        for number in 1..=size.threads.max(1) {
            let (jobs, load, hasher) = (Arc::clone(&jobs), Arc::clone(&load), hasher());
            let thread = std::thread::Builder::new().name(format!("hash-{number}"));
            if let Err(error) = thread.spawn(move || serve(&jobs, &load, hasher)) {
                tracing::error!(%error, "no thread for password hashing");
            }
        }
        Self { queue, deadline: size.deadline, load }
    }

    /// Runs `work` on one of the threads.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full, no thread started it in time, or the thread died of it.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Hasher) -> T + Send + 'static) -> Result<T, Busy> {
        let claim = Arc::new(Claim::default());
        let (reply, mut answer) = oneshot::channel();
        let work = Box::new(move |hasher: &mut Hasher| {
            // The caller may have gone while the work was done.
            let _ = reply.send(work(hasher));
        });
        self.enqueue(Job { claim: Arc::clone(&claim), queued: Instant::now(), work }).inspect_err(|_| self.refused())?;
        let caller = Caller(claim);
        tokio::select! {
            biased;
            answer = &mut answer => return answer.map_err(|_| Busy),
            () = tokio::time::sleep(self.deadline) => {}
        }
        if caller.0.take(GIVEN_UP) {
            self.refused();
            return Err(Busy);
        }
        answer.await.map_err(|_| Busy)
    }

    fn enqueue(&self, job: Job) -> Result<(), Busy> {
        // Counted before it is sent, or a thread that is quick would count it off first.
        self.load.waiting.fetch_add(1, Ordering::Relaxed);
        self.queue.try_send(job).map_err(|_| {
            self.load.waiting.fetch_sub(1, Ordering::Relaxed);
            Busy
        })
    }

    pub(super) fn measure(&self, metrics: &Metrics) {
        // Only the first call counts: a pool belongs to one service.
        let _ = self.load.metrics.set(metrics.clone());
    }

    fn refused(&self) {
        if let Some(metrics) = self.load.metrics.get() {
            metrics.hash_refused();
        }
    }

    pub(super) fn load(&self) -> (usize, usize) {
        (self.load.waiting.load(Ordering::Relaxed), self.load.running.load(Ordering::Relaxed))
    }
}

/// Until the pool is gone: takes the next job and does it unless it was given up.
fn serve(jobs: &Mutex<Receiver<Job>>, load: &Load, mut hasher: Hasher) {
    loop {
        // The lock is held while waiting: the other threads queue for it instead of for the channel, to the same effect.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { claim, queued, work }) = job else { return };
        load.waiting.fetch_sub(1, Ordering::Relaxed);
        if !claim.take(STARTED) {
            continue;
        }
        let begun = Instant::now();
        load.running.fetch_add(1, Ordering::Relaxed);
        // The caller learns of a panic by the reply that never comes; the thread, and its memory, are of further use.
        if catch_unwind(AssertUnwindSafe(|| work(&mut hasher))).is_err() {
            tracing::error!("password hashing panicked");
        }
        load.running.fetch_sub(1, Ordering::Relaxed);
        if let Some(metrics) = load.metrics.get() {
            metrics.hashed(begun.duration_since(queued), begun.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::super::phc::Cost;
    use super::*;

    fn pool(threads: usize, queue: usize, deadline: Duration) -> Arc<Pool> {
        let cost = Cost { memory_kib: 8, iterations: 1 };
        Arc::new(Pool::start(&PoolSize { threads, queue, deadline }, || Hasher::new(cost)))
    }

    /// Occupies a thread until the sender is used or dropped.
    async fn occupy(pool: &Arc<Pool>) -> std::sync::mpsc::Sender<()> {
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let pool = Arc::clone(pool);
        tokio::spawn(async move {
            pool.run(move |_| {
                let _ = started.send(());
                let _ = wait.recv();
            })
            .await
        });
        has_started.await.unwrap();
        release
    }

    #[tokio::test]
    async fn work_is_done_and_answered() {
        assert_eq!(pool(2, 4, Duration::from_mins(1)).run(|_| 42).await, Ok(42));
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_at_once() {
        let pool = pool(1, 1, Duration::from_mins(1));
        let release = occupy(&pool).await;
        let second = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(|_| 2).await }
        });
        while pool.load() != (1, 1) {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|_| 3).await, Err(Busy));
        drop(release);
        assert_eq!(second.await.unwrap(), Ok(2));
    }

    #[tokio::test]
    async fn a_job_not_started_by_the_deadline_is_busy_and_never_done() {
        let pool = pool(1, 4, Duration::from_millis(20));
        let release = occupy(&pool).await;
        let done = Arc::new(AtomicBool::new(false));
        let late = Arc::clone(&done);
        assert_eq!(pool.run(move |_| late.store(true, Ordering::SeqCst)).await, Err(Busy));
        drop(release);
        assert_eq!(pool.run(|_| 1).await, Ok(1));
        assert!(!done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_job_started_in_time_may_end_after_the_deadline() {
        let pool = pool(1, 4, Duration::from_millis(20));
        let slow = pool.run(|_| {
            std::thread::sleep(Duration::from_millis(80));
            7
        });
        assert_eq!(slow.await, Ok(7));
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_takes_the_job_along() {
        let pool = pool(1, 4, Duration::from_mins(1));
        let release = occupy(&pool).await;
        let done = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&done);
        let gone = tokio::time::timeout(Duration::from_millis(20), pool.run(move |_| theirs.store(true, Ordering::SeqCst)));
        assert!(gone.await.is_err());
        drop(release);
        assert_eq!(pool.run(|_| 1).await, Ok(1));
        assert!(!done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_panic_is_busy_and_the_thread_goes_on() {
        let pool = pool(1, 4, Duration::from_mins(1));
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        assert_eq!(pool.run::<()>(|_| panic!("no")).await, Err(Busy));
        std::panic::set_hook(hook);
        assert_eq!(pool.run(|_| 1).await, Ok(1));
    }
}
