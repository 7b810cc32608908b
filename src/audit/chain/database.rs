//! Reading the chain from the database, and verifying it there.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::record::SealedEvent;
use super::verify::{Head, Report, Verifier, content};
use crate::store::audit_chain::{self, Batch};
use crate::store::audit_events::AuditEvent;
use crate::store::{self, Store};

/// Batches read at once, and waiting events read at once.
const PAGE: u64 = 200;

/// A batch's content: the events in their places, and what is out of place.
#[derive(Default)]
pub(super) struct Content {
    pub(super) events: Vec<SealedEvent>,
    pub(super) findings: Vec<String>,
}

/// Verifies the whole chain. Memory does not grow with it.
///
/// # Errors
/// The store's. What is broken in the chain is no error: it is in the report.
pub async fn verify(store: &Store, expected: Option<Head>) -> store::Result<Report> {
    let mut verifier = Verifier::new(expected);
    let mut after = 0;
    loop {
        let batches = audit_chain::list(&store.read(), after, PAGE).await?;
        // Behind the batches: a key is kept before anything is signed with it.
        for (kid, jwk) in audit_chain::list_keys(&store.read()).await? {
            verifier.key(&kid, &jwk);
        }
        let Some(last) = batches.last() else { break };
        after = last.number;
        for batch in &batches {
            let content = read_settled(store, batch).await?;
            for finding in content.findings {
                verifier.finding(finding);
            }
            verifier.batch(batch, &content.events);
        }
    }
    for event in audit_chain::list_strays(&store.read(), PAGE).await? {
        verifier.finding(format!("event {} says it is sealed, but there is no such batch", event.id));
    }
    let mut last = None;
    loop {
        let page = audit_chain::list_waiting(&store.read(), last, PAGE).await?;
        for event in &page {
            verifier.waiting(event);
        }
        last = page.last().map(|event| event.id);
        if last.is_none() {
            return Ok(verifier.finish());
        }
    }
}

/// Reads a batch; once more when something is wrong with it, because events may have been removed or erased between two statements.
async fn read_settled(store: &Store, batch: &Batch) -> store::Result<Content> {
    let first = read(store, batch).await?;
    if first.findings.is_empty() && (first.events.is_empty() || content(batch, &first.events).is_empty()) {
        return Ok(first);
    }
    read(store, batch).await
}

pub(super) async fn read(store: &Store, batch: &Batch) -> store::Result<Content> {
    let (seals, events) = audit_chain::list_content(&store.read(), batch).await?;
    let mut by_id: BTreeMap<Uuid, AuditEvent> = events.into_iter().map(|event| (event.id, event)).collect();
    // A seal without its event is an event that is missing: the verifier counts them.
    let mut content = Content::default();
    for seal in seals {
        if let Some(event) = by_id.remove(&seal.event_id) {
            content.events.push(SealedEvent::new(seal, event));
        }
    }
    content.findings.extend(by_id.into_keys().map(|id| format!("event {id} was put into batch {}: it has no seal", batch.number)));
    Ok(content)
}
