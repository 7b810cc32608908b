//! A database that went back in time: what must not come back with it.

use super::error::{Error, Result};
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::keys;
use crate::mfa::totp;
use crate::secret::Sealer;
use crate::store::restored::{self, Ended};
use crate::store::{SchemaState, Store};

/// Checks a database that was put back (soundness, schema, key-encryption key), brings its schema up to date, and ends what could be used a second time:
/// every session, refresh token, trusted device and started sign-in or reset, one-time codes of the present, mail that waited. No service may be running on it.
///
/// # Errors
/// [`Error::Unsound`], [`Error::NewerSchema`], [`Error::WrongKey`]; the store's.
pub async fn finish(store: &Store, sealer: &Sealer, now: Timestamp) -> Result<Ended> {
    let faults = store.faults().await?;
    if !faults.is_empty() {
        return Err(Error::Unsound(faults.join("; ")));
    }
    let status = store.migration_status().await?;
    if status.applied.is_empty() {
        return Err(Error::Unsound("it has no tables of Vestibule".to_owned()));
    }
    if store.check().await? == SchemaState::TooNew {
        return Err(Error::NewerSchema(status.unknown.join(", ")));
    }
    check_key(store, sealer).await?;
    store.migrate_up().await?;
    // The step after this one is accepted too: clocks differ.
    let step = totp::step_at(now).saturating_add(1);
    let ended = store.write(move |conn| {
        Box::pin(async move {
            let ended = restored::revoke(conn, step, now).await?;
            audit::record(conn, &event(&ended), now).await?;
            Ok(ended)
        })
    });
    Ok(ended.await?)
}

fn event(ended: &Ended) -> Event {
    Event::new(Kind::DatabaseRestored, &Origin::default())
        .detail("by", "command line")
        .detail("people", ended.people)
        .detail("sessions", ended.sessions)
        .detail("grants", ended.grants)
        .detail("mails", ended.mails)
}

/// The keys are those of this database, which nobody has to be able to write to for that.
pub(super) async fn check_key(store: &Store, sealer: &Sealer) -> Result<()> {
    if keys::belongs(store, sealer).await? { Ok(()) } else { Err(Error::WrongKey) }
}
