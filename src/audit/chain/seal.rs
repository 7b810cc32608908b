//! Sealing: the next batch of what has been committed.

use std::sync::Arc;

use super::canonical::{self, Extent, SALT};
use super::{BATCH, checkpoint};
use crate::clock::Timestamp;
use crate::keys::Signer;
use crate::secret;
use crate::store::audit_chain::{self, Batch, Seal};
use crate::store::audit_events::AuditEvent;
use crate::store::{self, Conn, Store};

/// Seals the next batch: at most [`BATCH`] of the events that wait. How many it sealed; with a full batch there may be more.
///
/// One process at a time: whoever comes second waits for the first, and goes on behind it. Nothing is passed over, because what is sealed is
/// whatever has not been sealed, not whatever is newer than something.
///
/// # Errors
/// The store's, or when the checkpoint cannot be signed; then nothing was sealed.
pub async fn seal(store: &Store, signer: &Arc<Signer>, issuer: &str, now: Timestamp) -> store::Result<usize> {
    // Most turns find nothing: they need no lock.
    if audit_chain::list_waiting(&store.read(), None, 1).await?.is_empty() {
        return Ok(0);
    }
    let (signer, issuer) = (Arc::clone(signer), issuer.to_owned());
    store
        .write(move |conn| {
            let (signer, issuer) = (Arc::clone(&signer), issuer.clone());
            Box::pin(async move { next(conn, &signer, &issuer, now).await })
        })
        .await
}

async fn next(conn: &Conn<'_>, signer: &Signer, issuer: &str, now: Timestamp) -> store::Result<usize> {
    audit_chain::lock(conn).await?;
    let head = audit_chain::find_head(conn).await?;
    let events = audit_chain::list_waiting(conn, None, BATCH).await?;
    // No later than now: an event from the future must not keep retention from everything behind it.
    let Some(newest_at) = events.iter().map(|event| event.at).max().map(|at| at.min(now)) else { return Ok(0) };
    let (number, before, previous) = head.map_or((0, 0, canonical::genesis()), |head| (head.number, head.last, head.hash));
    let seals: Vec<Seal> = events.iter().zip(before.saturating_add(1)..).map(|(event, sequence)| place(sequence, event)).collect();
    let last = seals.last().map_or(before, |seal| seal.sequence);
    let extent = Extent { number: number.saturating_add(1), first: before.saturating_add(1), last, newest_at };
    let hash = canonical::batch(extent, &previous, seals.iter().map(|seal| &seal.leaf));
    let mut batch = Batch {
        number: extent.number,
        first: extent.first,
        last,
        newest_at,
        previous,
        hash,
        checkpoint: String::new(),
        sealed_at: now,
        removed_at: None,
    };
    batch.checkpoint = checkpoint::sign(&batch, issuer, signer)
        .map_err(|error| store::Error::Database(format!("the audit chain's checkpoint: {error}")))?;
    audit_chain::insert_key(conn, signer.kid(), &signer.public_jwk().to_string()).await?;
    audit_chain::insert(conn, &batch, &seals).await?;
    Ok(seals.len())
}

fn place(sequence: i64, event: &AuditEvent) -> Seal {
    let salt = secret::random_bytes::<SALT>();
    let personal = canonical::personal(&salt, event);
    let leaf = canonical::leaf(sequence, event, &personal);
    Seal { sequence, event_id: event.id, salt: Some(salt.to_vec()), personal, leaf }
}
