//! Logout deliveries: at once when a session ends here, and every few seconds for retries and for other replicas' sessions.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::turn;
use crate::app::App;
use crate::oidc::backchannel;

const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(app: App, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            () = app.logout_waiting.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Some(Err(error)) = turn("logouts", backchannel::deliver_due(&app)).await {
            tracing::error!(%error, "logout deliveries not looked up");
        }
    }
}
