//! Histograms keep their samples one by one until somebody scrapes: they are put into their buckets here, should nobody do so.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::app::App;

const EVERY: Duration = Duration::from_secs(10);

pub(super) async fn run(app: App, shutdown: CancellationToken) {
    repeat("histograms", EVERY, &shutdown, || async {
        app.metrics.settle();
        EVERY
    })
    .await;
}
