//! The key ring: replicas agree on the keys, and the next ones are made in time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Apps, repeat};
use crate::app::App;

/// How late a replica may learn of a new key; far less than `keys.publish_before_use`.
const EVERY: Duration = Duration::from_secs(10);

pub(super) async fn run(apps: Apps, shutdown: CancellationToken) {
    repeat("keys", EVERY, &shutdown, || refresh(apps.newest())).await;
}

async fn refresh(app: App) -> Duration {
    match app.keys.refresh().await {
        Ok(made) => made.iter().for_each(|key| tracing::info!(kid = key.kid, "new signing key")),
        Err(error) => tracing::error!(%error, "key ring not refreshed"),
    }
    EVERY
}
