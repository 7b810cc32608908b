//! Telling the service manager how things stand: sd_notify(3). Nothing is said where nobody asks (`$NOTIFY_SOCKET`).

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

const ASK_AGAIN: Duration = Duration::from_secs(30);

/// It serves.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// It has been told to read its settings again; [`ready`] ends it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        // Without the time, newer versions of systemd would take it for a failure.
        Err(error) => tracing::warn!(%error, "no monotonic clock: the service manager is not told of the reload"),
    }
}

/// It has been told to stop, and finishes what is under way.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing the requests under way")]);
}

pub(super) fn status(text: &str) {
    tell(&[NotifyState::Status(text)]);
}

/// Asks not to be given up while the database is opened: a migration takes as long as it takes (`TimeoutStartSec=`). Until `opened`.
pub(super) async fn patience(opened: CancellationToken) {
    let longer = u32::try_from((2 * ASK_AGAIN).as_micros()).unwrap_or(u32::MAX);
    loop {
        tell(&[NotifyState::ExtendTimeoutUsec(longer)]);
        tokio::select! {
            () = opened.cancelled() => return,
            () = tokio::time::sleep(ASK_AGAIN) => {}
        }
    }
}

/// Says twice in each period of `WatchdogSec=` that the tasks of this process go on.
pub(super) async fn watchdog(stop: CancellationToken) {
    let Some(period) = sd_notify::watchdog_enabled().filter(|period| !period.is_zero()) else { return };
    let beat = (period / 2).max(Duration::from_millis(1));
    loop {
        tell(&[NotifyState::Watchdog]);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(beat) => {}
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
