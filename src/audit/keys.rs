//! Keys: what became of them, as events.

use super::{Event, Kind, Origin, record};
use crate::clock::Timestamp;
use crate::keys::{Change, Witness};
use crate::store::{self, BoxFuture, Conn};

/// Records what the key ring does. Keys are rotated, revoked and sealed again by command; made by whichever process finds them due.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyEvents;

impl Witness for KeyEvents {
    fn record<'c>(&'c self, conn: &'c Conn<'c>, change: Change, now: Timestamp) -> BoxFuture<'c, store::Result<()>> {
        Box::pin(async move { record(conn, &event(change), now).await })
    }
}

fn event(change: Change) -> Event {
    let of = |kind| Event::new(kind, &Origin::default());
    let by_command = |kind| of(kind).detail("by", "command line");
    match change {
        Change::Created { kid, algorithm } => of(Kind::KeyCreated).detail("kid", kid).detail("alg", algorithm.name()),
        Change::Rotated { kids, immediately } => by_command(Kind::KeyRotated).detail("kids", kids).detail("immediately", immediately),
        Change::Revoked { kid } => by_command(Kind::KeyRevoked).detail("kid", kid),
        Change::Rewrapped { what, rows, key } => {
            by_command(Kind::KeysRewrapped).detail("what", what).detail("rows", rows).detail("key", key)
        }
    }
}
