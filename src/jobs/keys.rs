//! The key ring: replicas agree on the keys, and the next ones are made in time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::pause;
use crate::app::App;

/// How late a replica may learn of a new key; far less than `keys.publish_before_use`.
const EVERY: Duration = Duration::from_secs(10);

pub(super) async fn run(app: App, shutdown: CancellationToken) {
    while pause(&shutdown, EVERY).await {
        if let Err(error) = app.keys.refresh().await {
            tracing::error!(%error, "key ring not refreshed");
        }
    }
}
