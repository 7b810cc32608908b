//! The audit chain: seals, batches, keys. Written through `audit` alone. Whoever changes it takes [`lock`] first.

use std::time::Duration;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::audit_events::AuditEvent;
use super::entities::{audit_batches, audit_events, audit_keys, audit_seals};
use super::{Conn, Error, Result, locks};
use crate::clock::Timestamp;
use crate::secret::Digest;

/// The row in `locks` that everybody who changes the chain, or what it covers, updates first.
const MUTEX: &str = "audit-chain";

/// The place of one event.
#[derive(Clone, Debug)]
pub struct Seal {
    pub sequence: i64,
    pub event_id: Uuid,
    /// `None`: erased.
    pub salt: Option<Vec<u8>>,
    pub personal: Digest,
    pub leaf: Digest,
}

/// Events sealed together.
#[derive(Clone, Debug)]
pub struct Batch {
    pub number: i64,
    pub first: i64,
    pub last: i64,
    /// When the newest of its events happened.
    pub newest_at: Timestamp,
    /// The hash of the batch before.
    pub previous: Digest,
    pub hash: Digest,
    /// A compact JWS over the numbers and hashes.
    pub checkpoint: String,
    pub sealed_at: Timestamp,
    /// When retention took its events.
    pub removed_at: Option<Timestamp>,
}

/// One after the other: whoever comes second waits until the first has committed, and then reads what the first did.
pub async fn lock(conn: &Conn<'_>) -> Result<()> {
    locks::redeem(conn, MUTEX, MUTEX, Timestamp::default(), Duration::ZERO).await.map(|_| ())
}

/// The newest batch.
pub async fn find_head(conn: &Conn<'_>) -> Result<Option<Batch>> {
    audit_batches::Entity::find().order_by_desc(audit_batches::Column::Number).one(conn).await?.map(Batch::try_from).transpose()
}

/// Events that wait to be sealed, at most `limit`. Every committed event is found here once, however late it was committed.
pub async fn list_waiting(conn: &Conn<'_>, after: Option<Uuid>, limit: u64) -> Result<Vec<AuditEvent>> {
    use audit_events::{Column, Entity};
    let waiting = Entity::find()
        .filter(Column::SealedIn.is_null())
        .apply_if(after, |events, id| events.filter(Column::Id.gt(id)))
        .order_by_asc(Column::Id)
        .limit(limit);
    Ok(waiting.all(conn).await?.into_iter().map(AuditEvent::from).collect())
}

/// Appends a batch.
///
/// # Errors
/// `Conflict` when there is a batch of that number; `Inconsistent` when one of the events is gone or sealed already.
pub async fn insert(conn: &Conn<'_>, batch: &Batch, seals: &[Seal]) -> Result<()> {
    audit_batches::Entity::insert(audit_batches::Model::from(batch).into_active_model()).exec_without_returning(conn).await?;
    let rows = seals.iter().map(|seal| audit_seals::Model::from(seal).into_active_model());
    audit_seals::Entity::insert_many(rows).exec_without_returning(conn).await?;
    let sealed = audit_events::Entity::update_many()
        .col_expr(audit_events::Column::SealedIn, Expr::value(batch.number))
        .filter(audit_events::Column::Id.is_in(seals.iter().map(|seal| seal.event_id)))
        .filter(audit_events::Column::SealedIn.is_null())
        .exec(conn)
        .await?
        .rows_affected;
    if usize::try_from(sealed).is_ok_and(|sealed| sealed == seals.len()) {
        Ok(())
    } else {
        Err(Error::inconsistent("audit_events", format!("{sealed} of the {} events of batch {} were waiting", seals.len(), batch.number)))
    }
}

/// Keeps the public key of a checkpoint.
pub async fn insert_key(conn: &Conn<'_>, kid: &str, public_jwk: &str) -> Result<()> {
    let row = audit_keys::Model { kid: kid.to_owned(), public_jwk: public_jwk.to_owned() };
    let known = OnConflict::column(audit_keys::Column::Kid).do_nothing().to_owned();
    conn.change(&audit_keys::Entity::insert(row.into_active_model()).on_conflict(known).into_query()).await.map(|_| ())
}

/// `(kid, public JWK)`.
pub async fn list_keys(conn: &Conn<'_>) -> Result<Vec<(String, String)>> {
    let rows = audit_keys::Entity::find().order_by_asc(audit_keys::Column::Kid).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.kid, row.public_jwk)).collect())
}

/// Batches after this number, in their order.
pub async fn list(conn: &Conn<'_>, after: i64, limit: u64) -> Result<Vec<Batch>> {
    use audit_batches::{Column, Entity};
    let next = Entity::find().filter(Column::Number.gt(after)).order_by_asc(Column::Number).limit(limit);
    next.all(conn).await?.into_iter().map(Batch::try_from).collect()
}

/// The oldest batches whose events are still there.
pub async fn list_oldest(conn: &Conn<'_>, limit: u64) -> Result<Vec<Batch>> {
    use audit_batches::{Column, Entity};
    let oldest = Entity::find().filter(Column::RemovedAt.is_null()).order_by_asc(Column::Number).limit(limit);
    oldest.all(conn).await?.into_iter().map(Batch::try_from).collect()
}

/// The seals of a batch in their order, and the events that say they belong to it.
pub async fn list_content(conn: &Conn<'_>, batch: &Batch) -> Result<(Vec<Seal>, Vec<AuditEvent>)> {
    let seals = audit_seals::Entity::find()
        .filter(audit_seals::Column::Sequence.between(batch.first, batch.last))
        .order_by_asc(audit_seals::Column::Sequence)
        .all(conn)
        .await?;
    let events = audit_events::Entity::find().filter(audit_events::Column::SealedIn.eq(batch.number)).all(conn).await?;
    let seals = seals.into_iter().map(Seal::try_from).collect::<Result<_>>()?;
    Ok((seals, events.into_iter().map(AuditEvent::from).collect()))
}

/// Events that say they were sealed in a batch that is not there.
pub async fn list_strays(conn: &Conn<'_>, limit: u64) -> Result<Vec<AuditEvent>> {
    use audit_events::{Column, Entity};
    let batches = audit_batches::Entity::find().select_only().column(audit_batches::Column::Number).into_query();
    let strays =
        Entity::find().filter(Column::SealedIn.is_not_null()).filter(Column::SealedIn.not_in_subquery(batches)).limit(limit).all(conn);
    Ok(strays.await?.into_iter().map(AuditEvent::from).collect())
}

/// Takes the events and seals of a batch; its hash and its checkpoint stay. How many events went.
pub async fn purge(conn: &Conn<'_>, batch: &Batch, now: Timestamp) -> Result<u64> {
    audit_seals::Entity::delete_many().filter(audit_seals::Column::Sequence.between(batch.first, batch.last)).exec(conn).await?;
    let gone = audit_events::Entity::delete_many().filter(audit_events::Column::SealedIn.eq(batch.number)).exec(conn).await?;
    audit_batches::Entity::update_many()
        .col_expr(audit_batches::Column::RemovedAt, Expr::value(now.millis()))
        .filter(audit_batches::Column::Number.eq(batch.number))
        .exec(conn)
        .await?;
    Ok(gone.rows_affected)
}

/// Erases what a person's events say of addresses, devices and other details. Without the salt nobody can find out by trying what it was.
pub(super) async fn update_erased(conn: &Conn<'_>, user_id: Uuid) -> Result<()> {
    use audit_events::{Column, Entity};
    lock(conn).await?;
    let theirs = Entity::find().select_only().column(Column::Id).filter(Column::UserId.eq(user_id)).into_query();
    audit_seals::Entity::update_many()
        .col_expr(audit_seals::Column::Salt, Expr::value(Option::<Vec<u8>>::None))
        .filter(audit_seals::Column::EventId.in_subquery(theirs))
        .exec(conn)
        .await?;
    Entity::update_many()
        .col_expr(Column::Address, Expr::value(Option::<String>::None))
        .col_expr(Column::Detail, Expr::value("{}"))
        .filter(Column::UserId.eq(user_id))
        .exec(conn)
        .await?;
    Ok(())
}

fn digest(table: &'static str, bytes: &[u8]) -> Result<Digest> {
    Digest::from_slice(bytes).ok_or_else(|| Error::inconsistent(table, "a digest of another length than 32 bytes"))
}

impl From<&Seal> for audit_seals::Model {
    fn from(seal: &Seal) -> Self {
        Self {
            sequence: seal.sequence,
            event_id: seal.event_id,
            salt: seal.salt.clone(),
            personal: seal.personal.as_bytes().to_vec(),
            leaf: seal.leaf.as_bytes().to_vec(),
        }
    }
}

impl TryFrom<audit_seals::Model> for Seal {
    type Error = Error;

    fn try_from(row: audit_seals::Model) -> Result<Self> {
        let (personal, leaf) = (digest("audit_seals", &row.personal)?, digest("audit_seals", &row.leaf)?);
        Ok(Self { sequence: row.sequence, event_id: row.event_id, salt: row.salt, personal, leaf })
    }
}

impl From<&Batch> for audit_batches::Model {
    fn from(batch: &Batch) -> Self {
        Self {
            number: batch.number,
            first_sequence: batch.first,
            last_sequence: batch.last,
            newest_at: batch.newest_at.millis(),
            previous: batch.previous.as_bytes().to_vec(),
            hash: batch.hash.as_bytes().to_vec(),
            checkpoint: batch.checkpoint.clone(),
            sealed_at: batch.sealed_at.millis(),
            removed_at: batch.removed_at.map(Timestamp::millis),
        }
    }
}

impl TryFrom<audit_batches::Model> for Batch {
    type Error = Error;

    fn try_from(row: audit_batches::Model) -> Result<Self> {
        Ok(Self {
            number: row.number,
            first: row.first_sequence,
            last: row.last_sequence,
            newest_at: Timestamp::from_millis(row.newest_at),
            previous: digest("audit_batches", &row.previous)?,
            hash: digest("audit_batches", &row.hash)?,
            checkpoint: row.checkpoint,
            sealed_at: Timestamp::from_millis(row.sealed_at),
            removed_at: row.removed_at.map(Timestamp::from_millis),
        })
    }
}
