//! `organization disable` and `enable`.

use std::sync::Arc;

use serde_json::json;

use super::failure::Failure;
use super::organization::{event, find};
use super::output::Answer;
use crate::account::administrators;
use crate::audit;
use crate::clock::Timestamp;
use crate::session;
use crate::store::{self, Conn, Store, organizations, users};

/// What is not there when nobody is left who may administer the service.
const ADMINISTRATOR: &str = "administrator";

/// Suspends or restores its people in one transaction; then ends the sessions of those who are suspended, which are dead by then, so that applications are
/// told. To disable it again finishes what was interrupted there.
pub(super) async fn switch(store: &Store, id: &str, enabled: bool, now: Timestamp) -> Result<Answer, Failure> {
    find(store, id).await?;
    let event = event(id).detail("action", if enabled { "enabled" } else { "disabled" });
    let job = Arc::new((id.to_owned(), event));
    let switching = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            let changed = organizations::update_enabled(conn, &job.0, enabled, now).await?;
            if changed {
                if !enabled {
                    check_administered(conn).await?;
                }
                audit::record(conn, &job.1, now).await?;
            }
            Ok(changed)
        })
    });
    let changed = switching.await.map_err(explain)?;
    session::end_suspended(store, now).await?;
    let text = match (enabled, changed) {
        (true, true) => format!("{id} is enabled: its people can sign in again. What they held before has ended."),
        (false, true) => format!(
            "{id} is disabled: whoever belongs to no other organisation that is enabled cannot sign in, and their sessions and delegations have ended."
        ),
        (true, false) => format!("{id} is enabled already."),
        (false, false) => format!("{id} is disabled already."),
    };
    Ok(Answer::new(text, &json!({ "id": id, "enabled": enabled, "changed": changed })))
}

/// # Errors
/// `NotFound("administrator")` when there is somebody who administers the service, and none of them can sign in.
pub(super) async fn check_administered(conn: &Conn<'_>) -> store::Result<()> {
    administrators::lock(conn).await?;
    let gone = users::any_administrator(conn).await? && users::list_administrators(conn).await?.is_empty();
    if gone { Err(store::Error::NotFound(ADMINISTRATOR)) } else { Ok(()) }
}

pub(super) fn explain(error: store::Error) -> Failure {
    match error {
        store::Error::NotFound(ADMINISTRATOR) => Failure::new(
            "Nobody who administers this service could sign in any more; nothing was written. Make somebody an administrator who does not belong to it.",
        ),
        other => other.into(),
    }
}
