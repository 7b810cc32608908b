//! Watching a connection: one that sends nothing, sends its request byte by byte, or only keeps itself alive is closed.
//!
//! hyper's own deadline begins when it knows which version of HTTP is spoken, and HTTP/2 has none at all: a client could hold a connection for
//! ever by sending nothing, or by answering pings.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a connection may stay open between requests: longer than proxies keep theirs, so that it is they who close.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// `first_byte` while no byte of a next request has come.
const NONE: u64 = u64::MAX;

/// What a connection is doing. Times are milliseconds since it was accepted.
pub(super) struct Activity {
    accepted: Instant,
    running: AtomicUsize,
    served: AtomicBool,
    idle_since: AtomicU64,
    first_byte: AtomicU64,
    requests: AtomicUsize,
    taken_back: AtomicUsize,
    abused: Notify,
}

/// Requests that may be taken back before they are answered, and then no more than those that are not (CVE-2023-44487): browsers take back a few, a
/// proxy those of many people among many more.
const TAKEN_BACK: usize = 100;

impl Activity {
    pub(super) fn begin() -> Arc<Self> {
        Arc::new(Self {
            accepted: Instant::now(),
            running: AtomicUsize::new(0),
            served: AtomicBool::new(false),
            idle_since: AtomicU64::new(0),
            first_byte: AtomicU64::new(NONE),
            requests: AtomicUsize::new(0),
            taken_back: AtomicUsize::new(0),
            abused: Notify::new(),
        })
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(NONE)
    }

    /// A request has arrived whole; it is running until the guard is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        self.requests.fetch_add(1, Ordering::SeqCst);
        self.served.store(true, Ordering::SeqCst);
        Running { activity: Arc::clone(self), answered: false }
    }

    fn note_taken_back(&self) {
        let taken_back = self.taken_back.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        if taken_back > TAKEN_BACK && taken_back > self.requests.load(Ordering::SeqCst) / 2 {
            self.abused.notify_one();
        }
    }

    /// When the connection is to be closed, unless something happens; none while a request is running.
    fn deadline(&self, header_timeout: Duration) -> Option<Instant> {
        if self.running.load(Ordering::SeqCst) > 0 {
            return None;
        }
        let first_byte = self.first_byte.load(Ordering::SeqCst);
        let idle_since = self.idle_since.load(Ordering::SeqCst);
        let after = if first_byte != NONE {
            Duration::from_millis(first_byte).saturating_add(header_timeout)
        } else if self.served.load(Ordering::SeqCst) {
            Duration::from_millis(idle_since).saturating_add(KEEP_ALIVE)
        } else {
            header_timeout
        };
        self.accepted.checked_add(after)
    }

    /// Comes back when the connection has earned its end: by its silence, or because it mostly takes its requests back.
    pub(super) async fn overdue(&self, header_timeout: Duration) {
        tokio::select! {
            () = self.abused.notified() => {}
            () = self.late(header_timeout) => {}
        }
    }

    async fn late(&self, header_timeout: Duration) {
        loop {
            match self.deadline(header_timeout) {
                None => tokio::time::sleep(header_timeout).await,
                Some(deadline) if deadline <= Instant::now() => return,
                Some(deadline) => tokio::time::sleep_until(deadline).await,
            }
        }
    }
}

/// A request that is being answered.
pub(super) struct Running {
    activity: Arc<Activity>,
    answered: bool,
}

impl Running {
    /// The request has its answer. Dropped without, it was taken back.
    pub(super) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Self { activity, answered } = self;
        activity.first_byte.store(NONE, Ordering::SeqCst);
        activity.idle_since.store(activity.elapsed(), Ordering::SeqCst);
        activity.running.fetch_sub(1, Ordering::SeqCst);
        if !*answered {
            activity.note_taken_back();
        }
    }
}

/// A request's body. One that breaks off was taken back, whatever was answered to it.
pub(super) struct WatchedBody {
    pub(super) body: Incoming,
    pub(super) activity: Arc<Activity>,
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(Some(Err(_)))) {
            self.activity.note_taken_back();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream whose first byte after each request is noted.
pub(super) struct Watched<S> {
    pub(super) stream: S,
    pub(super) activity: Arc<Activity>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before && self.activity.running.load(Ordering::SeqCst) == 0 {
            let now = self.activity.elapsed();
            // Only the first byte counts: one more byte must not buy more time.
            let _ = self.activity.first_byte.compare_exchange(NONE, now, Ordering::SeqCst, Ordering::SeqCst);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const HEADERS: Duration = Duration::from_secs(10);

    /// How long after it was accepted the connection is to be closed.
    fn allowed(activity: &Activity) -> Option<Duration> {
        activity.deadline(HEADERS).map(|deadline| deadline.duration_since(activity.accepted))
    }

    #[test]
    fn a_silent_connection_ends_with_the_header_deadline() {
        assert_eq!(allowed(&Activity::begin()), Some(HEADERS));
    }

    #[test]
    fn a_running_request_is_left_alone_and_an_idle_connection_is_kept_for_a_while() {
        let activity = Activity::begin();
        let (first, second) = (activity.request(), activity.request());
        assert_eq!(allowed(&activity), None);
        drop(first);
        assert_eq!(allowed(&activity), None);
        drop(second);
        assert!(allowed(&activity).is_some_and(|after| after >= KEEP_ALIVE));
    }

    #[tokio::test]
    async fn more_bytes_buy_no_more_time() {
        let (mut client, stream) = tokio::io::duplex(64);
        let activity = Activity::begin();
        drop(activity.request());
        let mut watched = Watched { stream, activity: Arc::clone(&activity) };
        client.write_all(b"GET").await.unwrap();
        watched.read_u8().await.unwrap();
        let after_the_first = allowed(&activity).unwrap();
        assert!(after_the_first < KEEP_ALIVE);
        watched.read_u8().await.unwrap();
        watched.read_u8().await.unwrap();
        assert_eq!(allowed(&activity), Some(after_the_first));
    }

    #[tokio::test]
    async fn a_connection_that_mostly_takes_its_requests_back_ends() {
        let activity = Activity::begin();
        for _ in 0..=TAKEN_BACK {
            activity.request().answered();
        }
        for _ in 0..=TAKEN_BACK {
            assert!(tokio::time::timeout(Duration::ZERO, activity.abused.notified()).await.is_err());
            drop(activity.request());
        }
        drop(activity.request());
        // And not only when it has rested for so long.
        tokio::time::timeout(KEEP_ALIVE / 10, activity.overdue(KEEP_ALIVE)).await.unwrap();
    }

    #[tokio::test]
    async fn an_overdue_connection_is_told() {
        Activity::begin().overdue(Duration::ZERO).await;
    }
}
