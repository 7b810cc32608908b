//! The audit: committed events are sealed into the chain; those that are too old go.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Apps, repeat};
use crate::app::App;
use crate::audit::chain;
use crate::keys::Algorithm;

/// How long an event may wait to be sealed while the service runs.
const SEAL_EVERY: Duration = Duration::from_mins(1);
const REMOVE_EVERY: Duration = Duration::from_hours(6);

/// Transactions in one run, and the pause after a run that may have left something: writers are let in between.
const TURNS: u32 = 200;
const AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn seal_all(apps: Apps, shutdown: CancellationToken) {
    repeat("audit seal", SEAL_EVERY, &shutdown, || async { pause("sealed", seal(&apps.newest()).await, SEAL_EVERY) }).await;
}

pub(super) async fn remove_old(apps: Apps, shutdown: CancellationToken) {
    repeat("audit retention", REMOVE_EVERY, &shutdown, || async { pause("removed", remove(&apps.newest()).await, REMOVE_EVERY) }).await;
}

/// Seals what waits, at most for one run. How many events, and whether there may be more.
///
/// # Errors
/// In words; what was sealed until then stays sealed.
pub async fn seal(app: &App) -> Result<(u64, bool), String> {
    let mut total = 0;
    for _ in 0..TURNS {
        let signer = app.keys.signer(Algorithm::ES256).map_err(|error| error.to_string())?;
        let sealed = chain::seal(&app.store, &signer, app.issuer.as_str(), app.now()).await.map_err(|error| error.to_string())?;
        if sealed == 0 {
            return Ok((total, false));
        }
        total += u64::try_from(sealed).unwrap_or(u64::MAX);
    }
    Ok((total, true))
}

/// Removes what is older than `audit.retention`, at most for one run. How many events, and whether there may be more.
///
/// # Errors
/// In words; what was removed until then stays removed.
pub async fn remove(app: &App) -> Result<(u64, bool), String> {
    let mut total = 0;
    for _ in 0..TURNS {
        let before = app.now().minus(app.config.audit.retention.0);
        let signer = app.keys.signer(Algorithm::ES256).map_err(|error| error.to_string())?;
        let signing = (&signer, app.issuer.as_str());
        match chain::remove_old(&app.store, signing, before, app.now()).await.map_err(|error| error.to_string())? {
            0 => return Ok((total, false)),
            gone => total += gone,
        }
    }
    Ok((total, true))
}

fn pause(did: &'static str, outcome: Result<(u64, bool), String>, usual: Duration) -> Duration {
    match outcome {
        Ok((events, more)) => {
            if events > 0 {
                tracing::debug!(events, did, "audit events");
            }
            if more { AGAIN } else { usual }
        }
        Err(error) => {
            tracing::error!(%error, did, "audit events not");
            usual
        }
    }
}
