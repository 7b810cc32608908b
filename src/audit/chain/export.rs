//! Writing the chain down: keys, batches with their events, and what waits, as JSON Lines.

use std::io::{self, Write};

use super::database;
use super::record::Line;
use crate::store::{self, Store, audit_chain};

const PAGE: u64 = 200;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes everything to `out`. How many events. What is broken in the chain is exported as it is: verifying finds it.
///
/// # Errors
/// The store's, or the writer's.
pub async fn export(store: &Store, out: &mut (dyn Write + Send)) -> Result<u64, ExportError> {
    // All batches there are now; keys afterwards, so that none is missing; later batches are for the next export.
    let head = audit_chain::find_head(&store.read()).await?.map_or(0, |head| head.number);
    for (kid, jwk) in audit_chain::list_keys(&store.read()).await? {
        write(out, &Line::Key { kid, jwk })?;
    }
    let (mut after, mut events) = (0, 0_u64);
    while after < head {
        let batches = audit_chain::list(&store.read(), after, PAGE).await?;
        let Some(last) = batches.last() else { break };
        after = last.number;
        for batch in batches.iter().filter(|batch| batch.number <= head) {
            write(out, &Line::from(batch))?;
            for event in database::read(store, batch).await?.events {
                write(out, &Line::from(event))?;
                events += 1;
            }
        }
    }
    let mut last = None;
    loop {
        let page = audit_chain::list_waiting(&store.read(), last, PAGE).await?;
        last = page.last().map(|event| event.id);
        for event in page {
            write(out, &Line::Waiting { event: event.into() })?;
            events += 1;
        }
        if last.is_none() {
            break;
        }
    }
    write(out, &Line::End { events })?;
    out.flush()?;
    Ok(events)
}

fn write(out: &mut (dyn Write + Send), line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
