//! Recovery codes: a set for each person, each good for once.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
};
use uuid::Uuid;

use super::entities::recovery_codes::{ActiveModel, Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;
use crate::secret::Digest;

#[derive(Clone, Debug)]
pub struct RecoveryCode {
    pub user_id: Uuid,
    pub digest: Digest,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
    /// Sealed: the code itself, as long as it may still be shown.
    pub shown: Option<Vec<u8>>,
    /// To whom alone: the session, or the pending sign-in, that made them.
    pub shown_to: Option<Uuid>,
}

/// Replaces the whole set.
pub async fn rotate(conn: &Conn<'_>, user_id: Uuid, codes: &[RecoveryCode]) -> Result<()> {
    revoke(conn, user_id).await?;
    let rows = codes.iter().map(|code| Model::from(code).into_active_model());
    Entity::insert_many(rows).exec_without_returning(conn).await?;
    Ok(())
}

/// Spends the one that has any of these digests. Whether it was there and unused.
pub async fn redeem(conn: &Conn<'_>, user_id: Uuid, digests: &[Digest], now: Timestamp) -> Result<bool> {
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now.millis()))
        .col_expr(Column::Shown, Expr::value(None::<Vec<u8>>))
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Digest.is_in(digests.iter().map(|digest| digest.as_bytes().as_slice())))
        .filter(Column::UsedAt.is_null())
        .exec(conn)
        .await?;
    Ok(used.rows_affected > 0)
}

/// How many are left.
pub async fn find_left(conn: &Conn<'_>, user_id: Uuid) -> Result<u64> {
    Ok(Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::UsedAt.is_null()).count(conn).await?)
}

pub async fn list(conn: &Conn<'_>, user_id: Uuid) -> Result<Vec<RecoveryCode>> {
    let rows = Entity::find().filter(Column::UserId.eq(user_id)).order_by_asc(Column::Digest).all(conn).await?;
    rows.into_iter().map(RecoveryCode::try_from).collect()
}

/// From now on they are not shown any more, as the session says that saw them.
pub async fn update_hidden(conn: &Conn<'_>, user_id: Uuid, session_id: Uuid) -> Result<()> {
    let hidden = ActiveModel { shown: Set(None), shown_to: Set(None), ..ActiveModel::default() };
    let seen = Entity::update_many().set(hidden).filter(Column::UserId.eq(user_id)).filter(Column::ShownTo.eq(session_id));
    seen.exec(conn).await?;
    Ok(())
}

/// The pending sign-in that made them has become this session.
pub async fn update_shown_to(conn: &Conn<'_>, user_id: Uuid, pending_id: Uuid, session_id: Uuid) -> Result<()> {
    let to = ActiveModel { shown_to: Set(Some(session_id)), ..ActiveModel::default() };
    let made = Entity::update_many().set(to).filter(Column::UserId.eq(user_id)).filter(Column::ShownTo.eq(pending_id));
    made.exec(conn).await?;
    Ok(())
}

/// Those made before `before` are not shown any more, to nobody.
pub async fn purge_shown(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let shown = Entity::find().select_only().column(Column::Digest);
    let shown = shown.filter(Column::Shown.is_not_null()).filter(Column::CreatedAt.lt(before.millis())).limit(limit).into_query();
    let hidden = ActiveModel { shown: Set(None), shown_to: Set(None), ..ActiveModel::default() };
    Ok(Entity::update_many().set(hidden).filter(Column::Digest.in_subquery(shown)).exec(conn).await?.rows_affected)
}

/// Takes them all away.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid) -> Result<()> {
    Entity::delete_many().filter(Column::UserId.eq(user_id)).exec(conn).await?;
    Ok(())
}

impl From<&RecoveryCode> for Model {
    fn from(code: &RecoveryCode) -> Self {
        Self {
            user_id: code.user_id,
            digest: code.digest.as_bytes().to_vec(),
            created_at: code.created_at.millis(),
            used_at: code.used_at.map(Timestamp::millis),
            shown: code.shown.clone(),
            shown_to: code.shown_to,
        }
    }
}

impl TryFrom<Model> for RecoveryCode {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            user_id: row.user_id,
            digest: Digest::from_slice(&row.digest)
                .ok_or_else(|| Error::inconsistent("recovery_codes", "a digest has the wrong length"))?,
            created_at: Timestamp::from_millis(row.created_at),
            used_at: row.used_at.map(Timestamp::from_millis),
            shown: row.shown,
            shown_to: row.shown_to,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);
    const HERE: Uuid = Uuid::from_u128(2);
    const SESSION: Uuid = Uuid::from_u128(3);

    fn set(names: &[&str]) -> Vec<RecoveryCode> {
        let code = |name: &&str| RecoveryCode {
            user_id: ADA,
            digest: Digest::of(name.as_bytes()),
            created_at: NOW,
            used_at: None,
            shown: Some(name.as_bytes().to_vec()),
            shown_to: Some(HERE),
        };
        names.iter().map(code).collect()
    }

    #[tokio::test]
    async fn each_code_is_good_for_once_and_a_new_set_replaces_the_old() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let replace = async |names: &'static [&'static str]| {
                store.write(move |conn| Box::pin(async move { rotate(conn, ADA, &set(names)).await })).await.unwrap();
            };
            let redeemed = async |name: &'static str| {
                let digest = Digest::of(name.as_bytes());
                store
                    .write_one(move |conn| Box::pin(async move { redeem(conn, ADA, &[Digest::of(b"another"), digest], NOW).await }))
                    .await
                    .unwrap()
            };
            replace(&["a", "b"]).await;
            assert!(redeemed("a").await);
            assert!(!redeemed("a").await);
            assert!(!redeemed("c").await);
            assert_eq!(find_left(&store.read(), ADA).await.unwrap(), 1);
            store.write(|conn| Box::pin(update_hidden(conn, ADA, SESSION))).await.unwrap();
            let shown = async || {
                let codes = list(&store.read(), ADA).await.unwrap();
                codes.into_iter().map(|code| (code.used_at.is_some(), code.shown.is_some())).collect::<Vec<_>>()
            };
            let mut seen = shown().await;
            seen.sort_unstable();
            assert_eq!(seen, [(false, true), (true, false)], "another session hides nothing; what was used is shown no more");
            store.write_one(|conn| Box::pin(purge_shown(conn, NOW, 10))).await.unwrap();
            assert!(shown().await.contains(&(false, true)), "not older than asked");
            store.write(|conn| Box::pin(update_shown_to(conn, ADA, HERE, SESSION))).await.unwrap();
            store.write(|conn| Box::pin(update_hidden(conn, ADA, SESSION))).await.unwrap();
            assert!(list(&store.read(), ADA).await.unwrap().iter().all(|code| code.shown.is_none()));
            replace(&["c"]).await;
            store.write_one(|conn| Box::pin(purge_shown(conn, NOW.plus(std::time::Duration::from_millis(1)), 10))).await.unwrap();
            assert_eq!(shown().await, [(false, false)], "what nobody said to have saved is not kept either");
            assert!(!redeemed("b").await);
            assert!(redeemed("c").await);
            store.write(|conn| Box::pin(revoke(conn, ADA))).await.unwrap();
            assert!(list(&store.read(), ADA).await.unwrap().is_empty());
        }
    }
}
