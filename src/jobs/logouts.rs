//! Logout deliveries: at once when a session ends here, and every few seconds for retries and for other replicas' sessions.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Apps, turn};
use crate::oidc::backchannel;

const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(apps: Apps, shutdown: CancellationToken) {
    // Every app rings the same bell.
    let waiting = std::sync::Arc::clone(&apps.newest().logout_waiting);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            () = waiting.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Some(Err(error)) = turn("logouts", backchannel::deliver_due(&apps.newest())).await {
            tracing::error!(%error, "logout deliveries not looked up");
        }
    }
}
