//! The key ring: replicas agree on the keys, and the next ones are made in time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::app::App;
use crate::audit::{self, Event, Kind, Origin};
use crate::keys::KeyInfo;

/// How late a replica may learn of a new key; far less than `keys.publish_before_use`.
const EVERY: Duration = Duration::from_secs(10);

pub(super) async fn run(app: App, shutdown: CancellationToken) {
    repeat("keys", EVERY, &shutdown, || refresh(&app)).await;
}

async fn refresh(app: &App) -> Duration {
    match app.keys.refresh().await {
        Ok(made) => record_made(app, &made).await,
        Err(error) => tracing::error!(%error, "key ring not refreshed"),
    }
    EVERY
}

/// One event per key this process made. The ring commits keys on its own, because it may not know of audit: an event that cannot be written is
/// logged, and the key stays.
pub(crate) async fn record_made(app: &App, made: &[KeyInfo]) {
    for key in made {
        let event = Event::new(Kind::KeyCreated, &Origin::default()).detail("kid", key.kid.as_str()).detail("alg", key.algorithm.name());
        let now = app.now();
        let recorded = app.store.write(move |conn| {
            let event = event.clone();
            Box::pin(async move { audit::record(conn, &event, now).await })
        });
        if let Err(error) = recorded.await {
            tracing::error!(%error, kid = key.kid, "the event of a new signing key was not recorded");
        }
    }
}
