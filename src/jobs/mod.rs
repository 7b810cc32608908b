//! Upkeep: what runs beside the requests, one replica at a time.
//!
//! Owns: the job loop. Must not: hold a lock longer than its lease.

pub(crate) mod keys;
mod logouts;
pub mod purge;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Runs all jobs until `shutdown`; what has been begun is finished. A job that fails says so and goes on at its next time; one that
/// panics takes no other along.
pub async fn run(app: App, shutdown: CancellationToken) {
    let mut jobs = JoinSet::new();
    jobs.spawn(keys::run(app.clone(), shutdown.clone()));
    jobs.spawn(logouts::run(app.clone(), shutdown.clone()));
    jobs.spawn(purge::run(app, shutdown));
    while let Some(ended) = jobs.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a job ended");
        }
    }
}

/// Waits; `false` when it is time to stop.
async fn pause(shutdown: &CancellationToken, time: Duration) -> bool {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_ends_at_once_when_the_service_stops() {
        let shutdown = CancellationToken::new();
        assert!(pause(&shutdown, Duration::from_millis(1)).await);
        shutdown.cancel();
        assert!(!pause(&shutdown, Duration::from_hours(1)).await);
    }
}
