//! Devices on which a person is not asked for the second factor.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::entities::trusted_devices::{Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;
use crate::secret::Digest;

#[derive(Clone, Debug)]
pub struct TrustedDevice {
    pub id: Uuid,
    pub user_id: Uuid,
    /// Of the cookie's value.
    pub digest: Digest,
    /// The person's `auth_epoch` then: when credentials change, no device is trusted any more.
    pub epoch: i64,
    pub device: Option<String>,
    pub address: Option<String>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
}

pub async fn insert(conn: &Conn<'_>, device: &TrustedDevice) -> Result<()> {
    Entity::insert(Model::from(device).into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// The device behind a cookie, if it is this person's and its time is not over.
pub async fn find(conn: &Conn<'_>, digest: &Digest, user_id: Uuid, epoch: i64, now: Timestamp) -> Result<Option<TrustedDevice>> {
    let found = Entity::find()
        .filter(Column::Digest.eq(digest.as_bytes().as_slice()))
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Epoch.eq(epoch))
        .filter(Column::ExpiresAt.gt(now.millis()));
    found.one(conn).await?.map(TrustedDevice::try_from).transpose()
}

/// Notes that a sign-in was spared the second factor there.
pub async fn update_last_used(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    Entity::update_many().col_expr(Column::LastUsedAt, Expr::value(now.millis())).filter(Column::Id.eq(id)).exec(conn).await?;
    Ok(())
}

/// A person's, the newest first.
pub async fn list(conn: &Conn<'_>, user_id: Uuid, epoch: i64, now: Timestamp) -> Result<Vec<TrustedDevice>> {
    let live = Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Epoch.eq(epoch))
        .filter(Column::ExpiresAt.gt(now.millis()))
        .order_by_desc(Column::CreatedAt);
    live.all(conn).await?.into_iter().map(TrustedDevice::try_from).collect()
}

/// Forgets one of this person's. Whether it was there.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid, id: Uuid) -> Result<bool> {
    Ok(Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user_id)).exec(conn).await?.rows_affected > 0)
}

/// Forgets all of this person's. How many.
pub async fn revoke_all(conn: &Conn<'_>, user_id: Uuid) -> Result<u64> {
    Ok(Entity::delete_many().filter(Column::UserId.eq(user_id)).exec(conn).await?.rows_affected)
}

/// Removes those whose time was over before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find().select_only().column(Column::Id).filter(Column::ExpiresAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(conn).await?.rows_affected)
}

impl From<&TrustedDevice> for Model {
    fn from(device: &TrustedDevice) -> Self {
        Self {
            id: device.id,
            user_id: device.user_id,
            digest: device.digest.as_bytes().to_vec(),
            epoch: device.epoch,
            device: device.device.clone(),
            address: device.address.clone(),
            created_at: device.created_at.millis(),
            last_used_at: device.last_used_at.millis(),
            expires_at: device.expires_at.millis(),
        }
    }
}

impl TryFrom<Model> for TrustedDevice {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            digest: Digest::from_slice(&row.digest)
                .ok_or_else(|| Error::inconsistent("trusted_devices", "a digest has the wrong length"))?,
            epoch: row.epoch,
            device: row.device,
            address: row.address,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: Timestamp::from_millis(row.last_used_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::{NOW, TestDatabase};
    use super::*;
    use crate::secret::random_id;

    const ADA: Uuid = Uuid::from_u128(1);

    fn device(cookie: &str) -> TrustedDevice {
        TrustedDevice {
            id: random_id(),
            user_id: ADA,
            digest: Digest::of(cookie.as_bytes()),
            epoch: 3,
            device: Some("Firefox on Windows".to_owned()),
            address: Some("192.0.2.7".to_owned()),
            created_at: NOW,
            last_used_at: NOW,
            expires_at: NOW.plus(Duration::from_hours(1)),
        }
    }

    #[tokio::test]
    async fn a_device_is_trusted_for_its_person_its_epoch_and_its_time() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (hers, other) = (device("a"), device("b"));
            for row in [hers.clone(), other.clone()] {
                store
                    .write(move |conn| {
                        let row = row.clone();
                        Box::pin(async move { insert(conn, &row).await })
                    })
                    .await
                    .unwrap();
            }
            let found = async |cookie: &str, user, epoch, now| {
                find(&store.read(), &Digest::of(cookie.as_bytes()), user, epoch, now).await.unwrap().map(|device| device.id)
            };
            assert_eq!(found("a", ADA, 3, NOW).await, Some(hers.id));
            assert_eq!(found("x", ADA, 3, NOW).await, None);
            assert_eq!(found("a", Uuid::nil(), 3, NOW).await, None);
            assert_eq!(found("a", ADA, 4, NOW).await, None);
            assert_eq!(found("a", ADA, 3, hers.expires_at).await, None);
            let (id, later) = (hers.id, NOW.plus(Duration::from_secs(1)));
            store.write_one(move |conn| Box::pin(update_last_used(conn, id, later))).await.unwrap();
            assert_eq!(list(&store.read(), ADA, 3, NOW).await.unwrap().len(), 2);
            assert!(!store.write_one(move |conn| Box::pin(revoke(conn, Uuid::nil(), id))).await.unwrap());
            assert!(store.write_one(move |conn| Box::pin(revoke(conn, ADA, id))).await.unwrap());
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, hers.expires_at, 9))).await.unwrap(), 0);
            assert_eq!(store.write(move |conn| Box::pin(revoke_all(conn, ADA))).await.unwrap(), 1);
        }
    }
}
