//! Mail: at once when something here has written one, and every few seconds for retries and for what other processes have written.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::turn;
use crate::app::App;
use crate::mail;

const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(app: App, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            () = app.mail_waiting.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Some(Err(error)) = turn("mails", mail::deliver_due(&app)).await {
            tracing::error!(%error, "waiting mail not looked up");
        }
    }
}
