//! The limiters of this process remember addresses until they are told to forget those whose budget is whole again; and failed authentications of clients
//! that came too fast for a record each are recorded together.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Apps, repeat};
use crate::app::App;
use crate::audit;
use crate::store;

/// Short, so that the memory a flood from many addresses takes is that of half a minute of it.
const EVERY: Duration = Duration::from_secs(30);

pub(super) async fn run(apps: Apps, shutdown: CancellationToken) {
    repeat("limits", EVERY, &shutdown, || async {
        let app = apps.newest();
        let remembered = app.edge.sweep();
        tracing::debug!(remembered, "addresses remembered by the limiters");
        if let Err(error) = record(&app).await {
            tracing::error!(%error, "failed authentications of clients are not in the audit log; they are in this one, one line each");
        }
        EVERY
    })
    .await;
}

/// What was counted and is not in the audit log yet, if it has waited a minute.
///
/// # Errors
/// The store's.
pub async fn record(app: &App) -> store::Result<()> {
    let now = app.now();
    let due: Vec<_> = app.client_failures.take_due(now).into_iter().map(|(event, failures)| event.detail("failures", failures)).collect();
    if due.is_empty() {
        return Ok(());
    }
    app.store
        .write(move |conn| {
            let due = due.clone();
            Box::pin(async move {
                for event in &due {
                    audit::record(conn, event, now).await?;
                }
                Ok(())
            })
        })
        .await
}
