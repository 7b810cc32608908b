//! The limiters of this process remember addresses until they are told to forget those whose budget is whole again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::app::App;

/// Short, so that the memory a flood from many addresses takes is that of half a minute of it.
const EVERY: Duration = Duration::from_secs(30);

pub(super) async fn run(app: App, shutdown: CancellationToken) {
    repeat("limits", EVERY, &shutdown, || async {
        let remembered = app.edge.sweep();
        tracing::debug!(remembered, "addresses remembered by the limiters");
        EVERY
    })
    .await;
}
