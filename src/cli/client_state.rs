//! `client disable`, `client enable`.

use std::sync::Arc;

use super::client::{event, unknown};
use super::client_view;
use super::failure::Failure;
use super::output::Answer;
use crate::audit::{self, Kind};
use crate::clock::Timestamp;
use crate::store::clients::{self, Client};
use crate::store::{self, Store};

/// A disabled client is refused everywhere within a second, and what was delegated to it ends for good.
pub(super) async fn change(store: &Store, client_id: String, enabled: bool, now: Timestamp) -> Result<Answer, Failure> {
    let id: Arc<str> = client_id.as_str().into();
    let changing = store.write(move |conn| {
        let id = Arc::clone(&id);
        Box::pin(async move {
            let Some(before) = clients::find(conn, &id).await? else { return Ok(None) };
            if before.enabled == enabled {
                return Ok(Some(before));
            }
            let client = Client { enabled, updated_at: now, ..before.clone() };
            clients::update_seen(conn, &client, before.updated_at).await?;
            if !enabled {
                clients::revoke_grants(conn, &id, "client_disabled", now).await?;
            }
            audit::record(conn, &event(Kind::ClientUpdated, &id).detail("enabled", enabled), now).await?;
            Ok(Some(client))
        })
    });
    let client = changing.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("{client_id} was changed meanwhile; nothing was written. Run this again.")),
        other => other.into(),
    })?;
    let client = client.ok_or_else(|| unknown(&client_id))?;
    let text = if enabled { "can sign people in again." } else { "is disabled; every delegation to it has ended." };
    Ok(Answer::new(format!("{client_id} {text}"), &client_view::view(&client)))
}
