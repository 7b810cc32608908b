//! Histograms keep their samples one by one until somebody scrapes: they are put into their buckets here, should nobody do so.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Apps, repeat};

const EVERY: Duration = Duration::from_secs(10);

pub(super) async fn run(apps: Apps, shutdown: CancellationToken) {
    repeat("histograms", EVERY, &shutdown, || async {
        apps.newest().metrics.settle();
        EVERY
    })
    .await;
}
