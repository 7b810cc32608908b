//! Mail: at once when something here has written one, and every few seconds for retries and for what other processes have written.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Apps, turn};
use crate::mail;

const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(apps: Apps, shutdown: CancellationToken) {
    // Every app rings the same bell.
    let waiting = std::sync::Arc::clone(&apps.newest().mail_waiting);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            () = waiting.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Some(Err(error)) = turn("mails", mail::deliver_due(&apps.newest())).await {
            tracing::error!(%error, "waiting mail not looked up");
        }
    }
}
