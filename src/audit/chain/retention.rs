//! Retention: old events go batch by batch; the hashes and checkpoints of what went stay, and an event says, signed, what was taken.

use std::sync::Arc;

use super::statement::{Statement, Taken};
use crate::audit::{Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::keys::Signer;
use crate::store::{self, Conn, Store, audit_chain};

/// Batches in one transaction: a thousand events at most, as much as a purge of any table takes at once.
const BATCHES: u64 = 5;

/// Removes a few of the oldest batches whose events are all older than `before`. How many events went; more than none: there may be more.
///
/// # Errors
/// The store's, or when it cannot be signed; then nothing went.
pub async fn remove_old(store: &Store, (signer, issuer): (&Arc<Signer>, &str), before: Timestamp, now: Timestamp) -> store::Result<u64> {
    let oldest = audit_chain::list_oldest(&store.read(), 1).await?;
    if oldest.first().is_none_or(|batch| batch.newest_at >= before) {
        return Ok(0);
    }
    let (signer, issuer) = (Arc::clone(signer), issuer.to_owned());
    store
        .write(move |conn| {
            let (signer, issuer) = (Arc::clone(&signer), issuer.clone());
            Box::pin(async move { remove(conn, (&signer, &issuer), before, now).await })
        })
        .await
}

async fn remove(conn: &Conn<'_>, (signer, issuer): (&Arc<Signer>, &str), before: Timestamp, now: Timestamp) -> store::Result<u64> {
    audit_chain::lock(conn).await?;
    let (mut gone, mut up_to) = (0, None);
    // In their order, so that what is left has no gaps.
    for batch in audit_chain::list_oldest(conn, BATCHES).await?.into_iter().take_while(|batch| batch.newest_at < before) {
        gone += audit_chain::purge(conn, &batch, now).await?;
        up_to = Some(batch.last);
    }
    if let Some(up_to) = up_to {
        let event = Event::new(Kind::AuditEventsRemoved, &Origin::default()).detail("up_to", up_to).detail("events", gone);
        Statement::sign(signer, issuer, Taken::UpTo(up_to), now)?.record(conn, event, now).await?;
    }
    // A batch that somebody emptied before counts as something: behind it there may be more.
    Ok(if up_to.is_some() { gone.max(1) } else { 0 })
}
