//! The limiters of this process remember addresses until they are told to forget those whose budget is whole again; and failed authentications of clients
//! that came too fast for a record each are recorded together.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::app::App;
use crate::audit::{self, Event, Kind, Origin};
use crate::ratelimit::tally::Due;
use crate::store;

/// Short, so that the memory a flood from many addresses takes is that of half a minute of it.
const EVERY: Duration = Duration::from_secs(30);

pub(super) async fn run(app: App, shutdown: CancellationToken) {
    repeat("limits", EVERY, &shutdown, || async {
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
    let untold = app.client_failures.take_due(now);
    let due: Vec<_> = untold.due().iter().map(event).collect();
    if due.is_empty() {
        return Ok(());
    }
    let recording = app.store.write(move |conn| {
        let due = due.clone();
        Box::pin(async move {
            for event in &due {
                audit::record(conn, event, now).await?;
            }
            Ok(())
        })
    });
    recording.await?;
    untold.told();
    Ok(())
}

/// More than could be listed one by one are told of as one, of which nothing is known but the number.
fn event(due: &Due<Event>) -> Event {
    let event = match due.key {
        Some(_) => due.latest.clone(),
        None => Event::new(Kind::ClientAuthenticationFailed, &Origin::default()).detail("clients", "not listed"),
    };
    event.detail("failures", due.number)
}
