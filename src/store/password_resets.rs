//! Password resets that were asked for: the newest of each account.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};
use uuid::Uuid;

use super::entities::password_resets::{Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::{SKEW, Timestamp};
use crate::secret::Digest;

#[derive(Clone, Debug)]
pub struct Reset {
    /// Of the account; of nobody, when the address is nobody's: such a row is written all the same.
    pub user_id: Uuid,
    /// Of this attempt.
    pub id: Uuid,
    /// Of the secret in the link.
    pub token_digest: Digest,
    /// Authentication code of the six digits: they are too few for a digest.
    pub code_mac: Vec<u8>,
    /// How often a code was typed.
    pub code_tries: i32,
    /// The user's `auth_epoch` when it was asked for: it dies with the next change of credentials.
    pub epoch: i64,
    /// Sealed: the application's request that goes on afterwards.
    pub flow: Option<Vec<u8>>,
    /// Tag of the language it was asked for in.
    pub locale: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

impl Reset {
    /// One that was made ahead of now was made by a clock that was wrong; it may have expired by that clock, and must not live again.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at && !now.is_before(self.created_at)
    }
}

/// Inserts it, or replaces the one there is for this account.
pub async fn update(conn: &Conn<'_>, reset: &Reset) -> Result<()> {
    let columns = [
        Column::Id,
        Column::TokenDigest,
        Column::CodeMac,
        Column::CodeTries,
        Column::Epoch,
        Column::Flow,
        Column::Locale,
        Column::CreatedAt,
        Column::ExpiresAt,
        Column::UsedAt,
    ];
    let replace = OnConflict::column(Column::UserId).update_columns(columns).to_owned();
    Entity::insert(Model::from(reset).into_active_model()).on_conflict(replace).exec_without_returning(conn).await?;
    Ok(())
}

pub async fn find(conn: &Conn<'_>, user_id: Uuid) -> Result<Option<Reset>> {
    Entity::find_by_id(user_id).one(conn).await?.map(Reset::try_from).transpose()
}

/// Counts one try of its code, while it is live and fewer than `limit` were made. Whether there was one left.
pub async fn redeem_try(conn: &Conn<'_>, user_id: Uuid, id: Uuid, limit: i32, now: Timestamp) -> Result<bool> {
    let counted = live(user_id, id, now)
        .col_expr(Column::CodeTries, Expr::col(Column::CodeTries).add(1))
        .filter(Column::CodeTries.lt(limit))
        .exec(conn)
        .await?;
    Ok(counted.rows_affected > 0)
}

/// Uses it. Whether this call was the first, in time, and no newer one has replaced it.
pub async fn redeem(conn: &Conn<'_>, user_id: Uuid, id: Uuid, now: Timestamp) -> Result<bool> {
    let used = live(user_id, id, now).col_expr(Column::UsedAt, Expr::value(now.millis())).exec(conn).await?;
    Ok(used.rows_affected > 0)
}

/// Takes away what was asked for an account. Whether there was anything.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid) -> Result<bool> {
    Ok(Entity::delete_by_id(user_id).exec(conn).await?.rows_affected > 0)
}

/// Removes those that expired before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find().select_only().column(Column::UserId).filter(Column::ExpiresAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::UserId.in_subquery(old)).exec(conn).await?.rows_affected)
}

fn live(user_id: Uuid, id: Uuid, now: Timestamp) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Id.eq(id))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.millis()))
        .filter(Column::CreatedAt.lte(now.plus(SKEW).millis()))
}

impl From<&Reset> for Model {
    fn from(reset: &Reset) -> Self {
        Self {
            user_id: reset.user_id,
            id: reset.id,
            token_digest: reset.token_digest.as_bytes().to_vec(),
            code_mac: reset.code_mac.clone(),
            code_tries: reset.code_tries,
            epoch: reset.epoch,
            flow: reset.flow.clone(),
            locale: reset.locale.clone(),
            created_at: reset.created_at.millis(),
            expires_at: reset.expires_at.millis(),
            used_at: reset.used_at.map(Timestamp::millis),
        }
    }
}

impl TryFrom<Model> for Reset {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let token_digest = Digest::from_slice(&row.token_digest);
        Ok(Self {
            user_id: row.user_id,
            id: row.id,
            token_digest: token_digest.ok_or_else(|| Error::inconsistent("password_resets", "a digest has the wrong length"))?,
            code_mac: row.code_mac,
            code_tries: row.code_tries,
            epoch: row.epoch,
            flow: row.flow,
            locale: row.locale,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            used_at: row.used_at.map(Timestamp::from_millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);

    fn reset(id: u128) -> Reset {
        Reset {
            user_id: ADA,
            id: Uuid::from_u128(id),
            token_digest: Digest::of(b"token"),
            code_mac: vec![7; 32],
            code_tries: 0,
            epoch: 3,
            flow: None,
            locale: "en".to_owned(),
            created_at: NOW,
            expires_at: NOW.plus(Duration::from_mins(15)),
            used_at: None,
        }
    }

    async fn ask(store: &Store, reset: Reset) {
        store
            .write(move |conn| {
                let reset = reset.clone();
                Box::pin(async move { update(conn, &reset).await })
            })
            .await
            .unwrap();
    }

    async fn used(store: &Store, id: u128, now: Timestamp) -> bool {
        store.write_one(move |conn| Box::pin(redeem(conn, ADA, Uuid::from_u128(id), now))).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_sixteen_uses_one_wins() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            ask(&store, reset(7)).await;
            let tries = (0..16).map(|_| {
                let store = store.clone();
                tokio::spawn(async move { used(&store, 7, NOW).await })
            });
            let outcomes = futures_util::future::join_all(tries).await;
            assert_eq!(outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count(), 1);
            assert_eq!(find(&store.read(), ADA).await.unwrap().unwrap().used_at, Some(NOW));
        }
    }

    #[tokio::test]
    async fn a_new_one_replaces_the_old_and_expired_ones_are_of_no_use() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            ask(&store, reset(7)).await;
            ask(&store, Reset { flow: Some(vec![1]), ..reset(8) }).await;
            assert!(!used(&store, 7, NOW).await);
            assert!(!used(&store, 8, reset(8).expires_at).await);
            let found = find(&store.read(), ADA).await.unwrap().unwrap();
            assert_eq!((found.id, found.flow.clone(), found.used_at), (Uuid::from_u128(8), Some(vec![1]), None));
            assert!(found.is_live(NOW) && !found.is_live(found.expires_at));
            let set_back = found.created_at.minus(Duration::from_hours(1));
            assert!(!found.is_live(set_back) && !used(&store, 8, set_back).await, "it was made later than now");
            assert!(used(&store, 8, NOW).await);
        }
    }

    #[tokio::test]
    async fn tries_are_counted_while_there_are_any() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            ask(&store, reset(7)).await;
            let tried = |at| store.write_one(move |conn| Box::pin(redeem_try(conn, ADA, Uuid::from_u128(7), 2, at)));
            assert!(!tried(reset(7).expires_at).await.unwrap());
            assert!(tried(NOW).await.unwrap());
            assert!(tried(NOW).await.unwrap());
            assert!(!tried(NOW).await.unwrap());
            assert_eq!(find(&store.read(), ADA).await.unwrap().unwrap().code_tries, 2);
        }
    }

    #[tokio::test]
    async fn old_ones_go() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            ask(&store, reset(7)).await;
            let end = reset(7).expires_at;
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, end, 9))).await.unwrap(), 0);
            let after = end.plus(Duration::from_millis(1));
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, after, 9))).await.unwrap(), 1);
            assert!(!store.write_one(|conn| Box::pin(revoke(conn, ADA))).await.unwrap());
        }
    }
}
