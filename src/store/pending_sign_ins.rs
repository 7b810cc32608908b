//! Sign-ins whose password was right and whose second factor is missing. They open nothing but the pages that ask for it.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};
use uuid::Uuid;

use super::entities::pending_sign_ins::{Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;
use crate::secret::Digest;

#[derive(Clone, Debug)]
pub struct PendingSignIn {
    pub id: Uuid,
    pub user_id: Uuid,
    /// Of the cookie's value.
    pub digest: Digest,
    /// When the right password was given.
    pub password_at: Timestamp,
    /// The person's `auth_epoch` then.
    pub epoch: i64,
    /// Wrong codes given in it.
    pub failures: i32,
    /// Of the code that was mailed: a keyed one, for six digits are soon tried.
    pub code: Option<Digest>,
    pub code_sent_at: Option<Timestamp>,
    /// The name of the page that asked for the sign-in, when no application did.
    pub leads_to: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

pub async fn insert(conn: &Conn<'_>, pending: &PendingSignIn) -> Result<()> {
    Entity::insert(Model::from(pending).into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// The one behind a cookie, unless its time is over.
pub async fn find(conn: &Conn<'_>, digest: &Digest, now: Timestamp) -> Result<Option<PendingSignIn>> {
    let found = Entity::find().filter(Column::Digest.eq(digest.as_bytes().as_slice())).filter(Column::ExpiresAt.gt(now.millis()));
    found.one(conn).await?.map(PendingSignIn::try_from).transpose()
}

/// Notes a wrong code, until there were `most`. Whether it goes on.
pub async fn update_failed(conn: &Conn<'_>, id: Uuid, most: i32) -> Result<bool> {
    let counted = Entity::update_many()
        .col_expr(Column::Failures, Expr::col(Column::Failures).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::Failures.lt(most.saturating_sub(1)))
        .exec(conn)
        .await?;
    Ok(counted.rows_affected > 0)
}

/// Notes a mailed code, unless one was sent after `not_since`. Whether this one is to be sent.
pub async fn update_code(conn: &Conn<'_>, id: Uuid, code: &Digest, now: Timestamp, not_since: Timestamp) -> Result<bool> {
    let noted = Entity::update_many()
        .col_expr(Column::Code, Expr::value(code.as_bytes().to_vec()))
        .col_expr(Column::CodeSentAt, Expr::value(now.millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::CodeSentAt.is_null().or(Column::CodeSentAt.lte(not_since.millis())))
        .exec(conn)
        .await?;
    Ok(noted.rows_affected > 0)
}

/// Spends the mailed code. Whether it was one of these (one code has a digest per key-encryption key), and sent after `not_before`.
pub async fn redeem_code(conn: &Conn<'_>, id: Uuid, codes: &[Digest], not_before: Timestamp) -> Result<bool> {
    let spent = Entity::update_many()
        .col_expr(Column::Code, Expr::value(Option::<Vec<u8>>::None))
        .filter(Column::Id.eq(id))
        .filter(Column::Code.is_in(codes.iter().map(|code| code.as_bytes().to_vec())))
        .filter(Column::CodeSentAt.gt(not_before.millis()))
        .exec(conn)
        .await?;
    Ok(spent.rows_affected > 0)
}

/// Moves it to another epoch: the person has just changed their credentials in it.
pub async fn update_epoch(conn: &Conn<'_>, id: Uuid, epoch: i64) -> Result<()> {
    Entity::update_many().col_expr(Column::Epoch, Expr::value(epoch)).filter(Column::Id.eq(id)).exec(conn).await?;
    Ok(())
}

/// Turns it into something else, or gives it up: it is gone. Whether it was there, of this epoch, and its time not over.
pub async fn redeem(conn: &Conn<'_>, id: Uuid, epoch: i64, now: Timestamp) -> Result<bool> {
    let gone = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::Epoch.eq(epoch))
        .filter(Column::ExpiresAt.gt(now.millis()))
        .exec(conn)
        .await?;
    Ok(gone.rows_affected > 0)
}

pub async fn revoke(conn: &Conn<'_>, id: Uuid) -> Result<()> {
    Entity::delete_by_id(id).exec(conn).await?;
    Ok(())
}

/// Removes those whose time was over before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find().select_only().column(Column::Id).filter(Column::ExpiresAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(conn).await?.rows_affected)
}

impl From<&PendingSignIn> for Model {
    fn from(pending: &PendingSignIn) -> Self {
        Self {
            id: pending.id,
            user_id: pending.user_id,
            digest: pending.digest.as_bytes().to_vec(),
            password_at: pending.password_at.millis(),
            epoch: pending.epoch,
            failures: pending.failures,
            code: pending.code.map(|code| code.as_bytes().to_vec()),
            code_sent_at: pending.code_sent_at.map(Timestamp::millis),
            leads_to: pending.leads_to.clone(),
            created_at: pending.created_at.millis(),
            expires_at: pending.expires_at.millis(),
        }
    }
}

impl TryFrom<Model> for PendingSignIn {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let digest = |bytes: &[u8]| {
            Digest::from_slice(bytes).ok_or_else(|| Error::inconsistent("pending_sign_ins", "a digest has the wrong length"))
        };
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            digest: digest(&row.digest)?,
            password_at: Timestamp::from_millis(row.password_at),
            epoch: row.epoch,
            failures: row.failures,
            code: row.code.as_deref().map(digest).transpose()?,
            code_sent_at: row.code_sent_at.map(Timestamp::from_millis),
            leads_to: row.leads_to,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;
    use crate::secret::random_id;

    fn pending() -> PendingSignIn {
        PendingSignIn {
            id: random_id(),
            user_id: Uuid::from_u128(1),
            digest: Digest::of(b"cookie"),
            password_at: NOW,
            epoch: 3,
            failures: 0,
            code: None,
            code_sent_at: None,
            leads_to: None,
            created_at: NOW,
            expires_at: NOW.plus(Duration::from_mins(15)),
        }
    }

    async fn begin(store: &Store) -> PendingSignIn {
        let row = pending();
        let inserted = row.clone();
        store
            .write(move |conn| {
                let row = inserted.clone();
                Box::pin(async move { insert(conn, &row).await })
            })
            .await
            .unwrap();
        row
    }

    #[tokio::test]
    async fn it_becomes_one_session_in_its_epoch_and_its_time() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let row = begin(&store).await;
            let (id, end) = (row.id, row.expires_at);
            let redeemed = async |epoch, now| store.write_one(move |conn| Box::pin(redeem(conn, id, epoch, now))).await.unwrap();
            assert!(find(&store.read(), &row.digest, NOW).await.unwrap().is_some());
            assert!(find(&store.read(), &row.digest, end).await.unwrap().is_none());
            assert!(!redeemed(4, NOW).await);
            assert!(!redeemed(3, end).await);
            store.write_one(move |conn| Box::pin(update_epoch(conn, id, 4))).await.unwrap();
            assert!(redeemed(4, NOW).await);
            assert!(!redeemed(4, NOW).await);
        }
    }

    #[tokio::test]
    async fn it_bears_a_number_of_wrong_codes() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let id = begin(&store).await.id;
            for goes_on in [true, true, false] {
                assert_eq!(store.write_one(move |conn| Box::pin(update_failed(conn, id, 3))).await.unwrap(), goes_on);
            }
        }
    }

    #[tokio::test]
    async fn a_mailed_code_is_the_newest_and_good_for_once() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let id = begin(&store).await.id;
            let (first, second) = (Digest::of(b"1"), Digest::of(b"2"));
            let half = Duration::from_secs(30);
            let noted = async |code: Digest, now: Timestamp| {
                store
                    .write_one(move |conn| Box::pin(async move { update_code(conn, id, &code, now, now.minus(half)).await }))
                    .await
                    .unwrap()
            };
            let spent = async |code: Digest, not_before: Timestamp| {
                store
                    .write_one(move |conn| Box::pin(async move { redeem_code(conn, id, &[Digest::of(b"0"), code], not_before).await }))
                    .await
                    .unwrap()
            };
            assert!(noted(first, NOW).await);
            assert!(!noted(second, NOW.plus(half / 2)).await, "too soon");
            assert!(noted(second, NOW.plus(half)).await);
            assert!(!spent(first, NOW).await);
            assert!(!spent(second, NOW.plus(half)).await, "too late");
            assert!(spent(second, NOW).await);
            assert!(!spent(second, NOW).await);
        }
    }

    #[tokio::test]
    async fn only_what_is_over_is_purged() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let end = begin(&store).await.expires_at;
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, end, 9))).await.unwrap(), 0);
            let after = end.plus(Duration::from_millis(1));
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, after, 9))).await.unwrap(), 1);
        }
    }
}
