//! Grants: one row is the whole truth about one delegation.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, UpdateMany};
use uuid::Uuid;

use super::entities::grants::{Column, Entity, Model};
use super::entities::{sessions, users};
use super::sessions::Session;
use super::users::User;
use super::{Conn, Error, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug)]
pub struct Grant {
    /// The id of the authorization code it came from.
    pub id: Uuid,
    pub client_id: String,
    pub user_id: Uuid,
    pub session_id: Uuid,
    /// Separated by spaces.
    pub scope: String,
    /// Whether it outlives the session (`offline_access`).
    pub offline: bool,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    pub acr: String,
    /// The nonce of the authorization request.
    pub nonce: Option<String>,
    /// How often the refresh token was rotated: only a refresh token of this generation is current.
    pub generation: i64,
    pub rotated_at: Timestamp,
    /// The user's `auth_epoch` when it was made.
    pub epoch: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Dead since.
    pub revoked_at: Option<Timestamp>,
    /// Why: `replay`, `reuse`, `logout`, `revoked`, `failed_redemption`, ….
    pub revoked_reason: Option<String>,
}

/// A grant with everything its life depends on, from one read.
#[derive(Clone, Debug)]
pub struct GrantContext {
    pub grant: Grant,
    pub user: User,
    pub session: Option<Session>,
}

/// Who won a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// This call made the grant.
    Won,
    /// The code had been redeemed before.
    Replayed,
}

/// Inserts the grant under its code's id; the unique constraint decides the winner. A grant given with `revoked_at` set burns the code.
pub async fn redeem(conn: &Conn<'_>, grant: &Grant) -> Result<Redemption> {
    let first = OnConflict::column(Column::Id).do_nothing().to_owned();
    let statement = Entity::insert(Model::from(grant).into_active_model()).on_conflict(first).into_query();
    Ok(if conn.change(&statement).await? > 0 { Redemption::Won } else { Redemption::Replayed })
}

/// `generation` → `generation + 1` if that is still the current one and the grant is alive, in one statement. Whether it was.
pub async fn rotate(conn: &Conn<'_>, id: Uuid, generation: i64, now: Timestamp) -> Result<bool> {
    let rotated = Entity::update_many()
        .col_expr(Column::Generation, Expr::col(Column::Generation).add(1))
        .col_expr(Column::RotatedAt, Expr::value(now.millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::Generation.eq(generation))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.millis()))
        .exec(conn)
        .await?;
    Ok(rotated.rows_affected > 0)
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<Grant>> {
    Ok(Entity::find_by_id(id).one(conn).await?.map(Grant::from))
}

/// The grant, its person and its session, whatever state they are in.
pub async fn find_context(conn: &Conn<'_>, id: Uuid) -> Result<Option<GrantContext>> {
    let row = Entity::find_by_id(id).find_also_related(users::Entity).find_also_related(sessions::Entity).one(conn).await?;
    let Some((grant, user, session)) = row else { return Ok(None) };
    let user = user.ok_or_else(|| Error::inconsistent("grants", format!("the person of {id} does not exist")))?;
    Ok(Some(GrantContext { grant: grant.into(), user: user.try_into()?, session: session.map(Session::try_from).transpose()? }))
}

/// The grants of a person that are neither dead nor expired, of this epoch.
pub async fn list_live_by_user(conn: &Conn<'_>, user_id: Uuid, epoch: i64, now: Timestamp) -> Result<Vec<Grant>> {
    let live = Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.millis()))
        .filter(Column::Epoch.eq(epoch));
    Ok(live.all(conn).await?.into_iter().map(Grant::from).collect())
}

/// Whether it was alive until now.
pub async fn revoke(conn: &Conn<'_>, id: Uuid, reason: &str, now: Timestamp) -> Result<bool> {
    Ok(dead(reason, now).filter(Column::Id.eq(id)).filter(Column::ExpiresAt.gt(now.millis())).exec(conn).await?.rows_affected > 0)
}

/// Ends every grant the session made without `offline_access`. How many.
pub async fn revoke_by_session(conn: &Conn<'_>, session_id: Uuid, reason: &str, now: Timestamp) -> Result<u64> {
    let of_session = dead(reason, now).filter(Column::SessionId.eq(session_id)).filter(Column::Offline.eq(false));
    Ok(of_session.exec(conn).await?.rows_affected)
}

/// Ends every grant of a person with one client.
pub async fn revoke_by_client(conn: &Conn<'_>, user_id: Uuid, client_id: &str, reason: &str, now: Timestamp) -> Result<u64> {
    let of_both = dead(reason, now).filter(Column::ClientId.eq(client_id)).filter(Column::UserId.eq(user_id));
    Ok(of_both.exec(conn).await?.rows_affected)
}

/// The clients that were signed in through a session (of live and dead grants alike).
pub async fn list_clients_of_session(conn: &Conn<'_>, session_id: Uuid) -> Result<Vec<String>> {
    let clients = Entity::find().select_only().column(Column::ClientId).distinct().filter(Column::SessionId.eq(session_id));
    Ok(clients.into_tuple().all(conn).await?)
}

/// Grants whose time was over before `before`, at most `limit`. Spent codes are remembered at least until then.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find().select_only().column(Column::Id).filter(Column::ExpiresAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(conn).await?.rows_affected)
}

/// Ends every grant of a client that is removed.
pub(super) async fn revoke_all_of_client(conn: &Conn<'_>, client_id: &str, reason: &str, now: Timestamp) -> Result<u64> {
    Ok(dead(reason, now).filter(Column::ClientId.eq(client_id)).exec(conn).await?.rows_affected)
}

/// Marks those of the grants that are not marked yet: the first reason stays.
fn dead(reason: &str, now: Timestamp) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now.millis()))
        .col_expr(Column::RevokedReason, Expr::value(reason))
        .filter(Column::RevokedAt.is_null())
}

impl From<&Grant> for Model {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.id,
            client_id: grant.client_id.clone(),
            user_id: grant.user_id,
            session_id: grant.session_id,
            scope: grant.scope.clone(),
            offline: grant.offline,
            auth_time: grant.auth_time.millis(),
            amr: grant.amr.join(" "),
            acr: grant.acr.clone(),
            nonce: grant.nonce.clone(),
            generation: grant.generation,
            rotated_at: grant.rotated_at.millis(),
            epoch: grant.epoch,
            created_at: grant.created_at.millis(),
            expires_at: grant.expires_at.millis(),
            revoked_at: grant.revoked_at.map(Timestamp::millis),
            revoked_reason: grant.revoked_reason.clone(),
        }
    }
}

impl From<Model> for Grant {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            client_id: row.client_id,
            user_id: row.user_id,
            session_id: row.session_id,
            scope: row.scope,
            offline: row.offline,
            auth_time: Timestamp::from_millis(row.auth_time),
            amr: row.amr.split_whitespace().map(str::to_owned).collect(),
            acr: row.acr,
            nonce: row.nonce,
            generation: row.generation,
            rotated_at: Timestamp::from_millis(row.rotated_at),
            epoch: row.epoch,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
            revoked_reason: row.revoked_reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::{NOW, TestDatabase, client, grant, session, user};
    use super::super::{Store, clients, consents, sessions, users};
    use super::*;

    const LATER: Timestamp = Timestamp::from_secs(1_800_000_060);

    async fn redeemed(store: &Store, grant: &Grant) -> Redemption {
        let grant = grant.clone();
        store
            .write(move |conn| {
                let grant = grant.clone();
                Box::pin(async move { redeem(conn, &grant).await })
            })
            .await
            .unwrap()
    }

    async fn rotated(store: &Store, id: Uuid, generation: i64, now: Timestamp) -> bool {
        store.write_one(move |conn| Box::pin(rotate(conn, id, generation, now))).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_sixteen_redemptions_of_a_code_one_wins() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let grant = grant(Uuid::nil(), Uuid::nil());
            let tries = (0..16).map(|_| {
                let (store, grant) = (store.clone(), grant.clone());
                tokio::spawn(async move { redeemed(&store, &grant).await })
            });
            let outcomes = futures_util::future::join_all(tries).await;
            assert_eq!(outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap() == Redemption::Won).count(), 1);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_sixteen_rotations_of_a_generation_one_wins() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let grant = grant(Uuid::nil(), Uuid::nil());
            redeemed(&store, &grant).await;
            let tries = (0..16).map(|_| {
                let store = store.clone();
                tokio::spawn(async move { rotated(&store, grant.id, 0, LATER).await })
            });
            let outcomes = futures_util::future::join_all(tries).await;
            assert_eq!(outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count(), 1);
            let after = find(&store.read(), grant.id).await.unwrap().unwrap();
            assert_eq!((after.generation, after.rotated_at), (1, LATER));
        }
    }

    #[tokio::test]
    async fn a_dead_or_expired_grant_does_not_rotate() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (dead, old) = (grant(Uuid::nil(), Uuid::nil()), grant(Uuid::nil(), Uuid::nil()));
            redeemed(&store, &dead).await;
            redeemed(&store, &old).await;
            let id = dead.id;
            assert!(store.write(move |conn| Box::pin(revoke(conn, id, "reuse", NOW))).await.unwrap());
            assert!(!store.write(move |conn| Box::pin(revoke(conn, id, "replay", LATER))).await.unwrap());
            assert!(!rotated(&store, dead.id, 0, NOW).await);
            assert!(!rotated(&store, old.id, 1, NOW).await);
            assert!(!rotated(&store, old.id, 0, old.expires_at).await);
            let dead = find(&store.read(), dead.id).await.unwrap().unwrap();
            assert_eq!((dead.revoked_at, dead.revoked_reason.as_deref()), (Some(NOW), Some("reuse")));
        }
    }

    #[tokio::test]
    async fn one_read_brings_grant_person_and_session() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let ada = user("ada@example.org");
            let hers = session(&ada, "cookie");
            let (with, without) = (grant(ada.id, hers.id), grant(ada.id, Uuid::nil()));
            redeemed(&store, &with).await;
            redeemed(&store, &without).await;
            let (ada_row, hers_row) = (ada.clone(), hers.clone());
            store
                .write(move |conn| {
                    let (ada, hers) = (ada_row.clone(), hers_row.clone());
                    Box::pin(async move {
                        users::insert(conn, &ada).await?;
                        sessions::insert(conn, &hers).await
                    })
                })
                .await
                .unwrap();
            let before = store.statement_counts();
            let context = find_context(&store.read(), with.id).await.unwrap().unwrap();
            assert_eq!(store.statement_counts(), (before.0 + 1, before.1));
            assert_eq!(context.user.profile, ada.profile);
            assert_eq!(context.session.unwrap().digest, hers.digest);
            assert_eq!((context.grant.nonce, context.grant.amr), (with.nonce, with.amr));
            assert!(find_context(&store.read(), without.id).await.unwrap().unwrap().session.is_none());
            assert!(find_context(&store.read(), Uuid::nil()).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn the_end_of_a_session_spares_offline_grants() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (online, session_id) = (grant(Uuid::nil(), Uuid::max()), Uuid::max());
            let offline = Grant { offline: true, client_id: "ticketing".to_owned(), ..grant(Uuid::nil(), session_id) };
            redeemed(&store, &online).await;
            redeemed(&store, &offline).await;
            let ended = store.write(move |conn| Box::pin(revoke_by_session(conn, session_id, "logout", NOW))).await.unwrap();
            assert_eq!(ended, 1);
            assert!(find(&store.read(), offline.id).await.unwrap().unwrap().revoked_at.is_none());
            let mut clients = list_clients_of_session(&store.read(), session_id).await.unwrap();
            clients.sort();
            assert_eq!(clients, ["autotalk", "ticketing"]);
        }
    }

    #[tokio::test]
    async fn a_removed_client_leaves_no_living_grant_and_no_consent() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let grant = grant(Uuid::max(), Uuid::nil());
            redeemed(&store, &grant).await;
            assert!(
                store
                    .write(|conn| {
                        Box::pin(async move {
                            clients::insert(conn, &client("autotalk")).await?;
                            let allowed = consents::Consent {
                                user_id: Uuid::max(),
                                client_id: "autotalk".to_owned(),
                                scope: "openid".to_owned(),
                                granted_at: NOW,
                            };
                            consents::update(conn, &allowed).await?;
                            consents::update(conn, &allowed).await?;
                            clients::remove(conn, "autotalk", NOW).await
                        })
                    })
                    .await
                    .unwrap()
            );
            assert!(find(&store.read(), grant.id).await.unwrap().unwrap().revoked_at.is_some());
            assert!(consents::find(&store.read(), Uuid::max(), "autotalk").await.unwrap().is_none());
            assert!(clients::find(&store.read(), "autotalk").await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn expired_grants_are_purged_a_batch_at_a_time() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            for _ in 0..5 {
                redeemed(&store, &grant(Uuid::nil(), Uuid::nil())).await;
            }
            let end = NOW.plus(Duration::from_secs(3601));
            assert_eq!(store.write(|conn| Box::pin(purge(conn, NOW, 10))).await.unwrap(), 0);
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, end, 3))).await.unwrap(), 3);
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, end, 3))).await.unwrap(), 2);
        }
    }
}
