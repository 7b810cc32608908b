//! Sealing again, under the newest key-encryption key, what rests in the database under older ones; so that those can be taken away.

use std::collections::BTreeMap;

use super::ring::KeyError;
use super::witness::{Change, Witness};
use super::{key_check, pepper};
use crate::clock::Timestamp;
use crate::secret::Sealer;
use crate::store::sealed::{self, Cursor, Place, SealedValue};
use crate::store::{self, Store, settings};

/// Rows in one transaction: a rewrap never holds up the writers, however much there is.
const BATCH: u64 = 200;

/// How many values of one kind rest under one key-encryption key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub what: &'static str,
    /// The key-encryption key's id; `None`: under a key that is not there, or no sealed value at all.
    pub key: Option<String>,
    pub rows: u64,
}

/// What one kind of value came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrapped {
    pub what: &'static str,
    pub rows: u64,
    /// Under none of the keys: left as they are.
    pub unreadable: u64,
}

/// Single values. They are sealed again whenever the service starts, or takes over other keys.
const SINGLE: [(&str, &str); 2] = [("proof of the key", key_check::NAME), ("pepper of recovery codes", pepper::NAME)];

/// What rests under which key. Reads everything that is sealed, in pages.
///
/// # Errors
/// The store's.
pub async fn usage(store: &Store, sealer: &Sealer) -> store::Result<Vec<Usage>> {
    let mut found = Vec::new();
    for place in Place::ALL {
        let (mut counts, mut cursor) = (BTreeMap::<Option<String>, u64>::new(), Cursor::start());
        loop {
            let page = sealed::list(&store.read(), place, &cursor, BATCH).await?;
            let Some(last) = page.last() else { break };
            cursor = last.cursor.clone();
            for value in &page {
                *counts.entry(sealer.key_of(&value.value)).or_default() += 1;
            }
        }
        found.extend(counts.into_iter().map(|(key, rows)| Usage { what: place.name(), key, rows }));
    }
    for (what, name) in SINGLE {
        if let Some(value) = settings::find(&store.read(), name).await? {
            found.push(Usage { what, key: sealer.key_of(&value), rows: 1 });
        }
    }
    Ok(found)
}

/// Seals again whatever is not under the newest key, page by page, while the service runs: a row that changes meanwhile keeps its change. Stopped in
/// the middle it goes on at the next call. Told to `witness` page by page.
///
/// # Errors
/// The store's; what has been done until then stays done.
pub async fn rewrap(
    store: &Store,
    sealer: &Sealer,
    witness: &std::sync::Arc<dyn Witness>,
    now: Timestamp,
) -> Result<Vec<Rewrapped>, KeyError> {
    let mut done = Vec::new();
    for place in Place::ALL {
        let mut of = Rewrapped { what: place.name(), rows: 0, unreadable: 0 };
        let mut cursor = Cursor::start();
        loop {
            let page = sealed::list(&store.read(), place, &cursor, BATCH).await?;
            let Some(last) = page.last() else { break };
            cursor = last.cursor.clone();
            let mut renewed = Vec::new();
            for value in page.into_iter().filter(|value| !sealer.is_current(&value.value)) {
                match sealer.reseal(value.purpose, &value.context, &value.value) {
                    Some(new) => renewed.push((value, new)),
                    None => of.unreadable += 1,
                }
            }
            of.rows += commit(store, place, renewed, (sealer.newest(), now), witness).await?;
        }
        done.push(of);
    }
    Ok(done)
}

/// One page in one transaction. How many rows it changed.
async fn commit(
    store: &Store,
    place: Place,
    renewed: Vec<(SealedValue, Vec<u8>)>,
    (key, now): (String, Timestamp),
    witness: &std::sync::Arc<dyn Witness>,
) -> store::Result<u64> {
    if renewed.is_empty() {
        return Ok(0);
    }
    let witness = std::sync::Arc::clone(witness);
    store
        .write(move |conn| {
            let (renewed, key, witness) = (renewed.clone(), key.clone(), std::sync::Arc::clone(&witness));
            Box::pin(async move {
                let mut rows = 0;
                for (value, new) in &renewed {
                    rows += u64::from(sealed::rotate(conn, place, value, new).await?);
                }
                if rows > 0 {
                    witness.record(conn, Change::Rewrapped { what: place.name(), rows, key }, now).await?;
                }
                Ok(rows)
            })
        })
        .await
}
