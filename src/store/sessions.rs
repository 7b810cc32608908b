//! Browser sessions.

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    SelectTwoRequired,
};
use uuid::Uuid;

use super::entities::sessions::{Column, Entity, Model};
use super::entities::users;
use super::suspensions::active;
use super::users::User;
use super::{Conn, Error, Result};
use crate::clock::Timestamp;
use crate::secret::Digest;

#[derive(Clone, Debug)]
pub struct Session {
    /// What leaves the house as `sid`.
    pub id: Uuid,
    pub user_id: Uuid,
    /// Of the cookie's value.
    pub digest: Digest,
    pub created_at: Timestamp,
    /// When the person last proved who they are.
    pub auth_time: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    /// RFC 8176 names.
    pub amr: Vec<String>,
    pub acr: String,
    /// The user's `auth_epoch` when it was made.
    pub epoch: i64,
    pub ended_at: Option<Timestamp>,
    /// When the person last gave a second factor.
    pub second_factor_at: Option<Timestamp>,
    /// What the browser said it is, in words: `Firefox on Windows`.
    pub device: Option<String>,
    pub address: Option<String>,
    /// How long it may go unused, where its person's organisation allows less than the service does.
    pub idle: Option<Duration>,
}

impl Session {
    /// How long it may go unused, where the service allows `service`.
    #[must_use]
    pub fn idle_within(&self, service: Duration) -> Duration {
        self.idle.map_or(service, |own| own.min(service))
    }
}

pub async fn insert(conn: &Conn<'_>, session: &Session) -> Result<()> {
    Entity::insert(Model::from(session).into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// The live session behind a cookie and its person, in one read: not ended, neither idle nor expired, the person enabled, the epoch theirs.
pub async fn find_live(conn: &Conn<'_>, digest: &Digest, now: Timestamp, idle: Duration) -> Result<Option<(Session, User)>> {
    let row = live(digest, now, idle).one(conn).await?;
    row.map(|(session, user)| Ok((Session::try_from(session)?, User::try_from(user)?))).transpose()
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<Session>> {
    Entity::find_by_id(id).one(conn).await?.map(Session::try_from).transpose()
}

/// Whether it has not been ended; nobody ends it before this transaction is over (on SQLite there is one writer anyway).
pub async fn find_going_locked(conn: &Conn<'_>, id: Uuid) -> Result<bool> {
    let going = Entity::find_by_id(id).select_only().column(Column::Id).filter(Column::EndedAt.is_null()).lock_exclusive();
    Ok(going.into_tuple::<Uuid>().one(conn).await?.is_some())
}

/// The session and its person, whatever state they are in, in one read.
pub async fn find_with_user(conn: &Conn<'_>, id: Uuid) -> Result<Option<(Session, User)>> {
    let row = Entity::find_by_id(id).find_both_related(users::Entity).one(conn).await?;
    row.map(|(session, user)| Ok((Session::try_from(session)?, User::try_from(user)?))).transpose()
}

/// The sessions of a person that have neither ended nor expired, whatever epoch they are of.
pub async fn list_live_by_user(conn: &Conn<'_>, user_id: Uuid, now: Timestamp) -> Result<Vec<Session>> {
    let live =
        Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::EndedAt.is_null()).filter(Column::ExpiresAt.gt(now.millis()));
    live.all(conn).await?.into_iter().map(Session::try_from).collect()
}

/// Those of a person that have neither ended nor expired beyond the `kept` used last, oldest use first, a few at a time.
pub async fn list_surplus_by_user(conn: &Conn<'_>, user_id: Uuid, kept: u64, now: Timestamp) -> Result<Vec<Session>> {
    let live =
        Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::EndedAt.is_null()).filter(Column::ExpiresAt.gt(now.millis()));
    let surplus = live.order_by_desc(Column::LastSeenAt).offset(kept).limit(10);
    surplus.all(conn).await?.into_iter().map(Session::try_from).collect()
}

/// Notes that the session was used.
pub async fn update_last_seen(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    let changed =
        Entity::update_many().col_expr(Column::LastSeenAt, Expr::value(now.millis())).filter(Column::Id.eq(id)).exec(conn).await?;
    if changed.rows_affected == 0 { Err(Error::NotFound("session")) } else { Ok(()) }
}

/// A sign-in again: replaces digest, `auth_time`, `last_seen_at`, `expires_at`, `amr`, `acr`, epoch, second factor, device, address and idle time of the session with this id and person,
/// unless it has ended. Whether it was still going.
pub async fn renew(conn: &Conn<'_>, session: &Session) -> Result<bool> {
    let row = Model::from(session);
    let renewed = Entity::update_many()
        .col_expr(Column::Digest, Expr::value(row.digest))
        .col_expr(Column::AuthTime, Expr::value(row.auth_time))
        .col_expr(Column::LastSeenAt, Expr::value(row.last_seen_at))
        .col_expr(Column::ExpiresAt, Expr::value(row.expires_at))
        .col_expr(Column::Amr, Expr::value(row.amr))
        .col_expr(Column::Acr, Expr::value(row.acr))
        .col_expr(Column::Epoch, Expr::value(row.epoch))
        .col_expr(Column::SecondFactorAt, Expr::value(row.second_factor_at))
        .col_expr(Column::Device, Expr::value(row.device))
        .col_expr(Column::Address, Expr::value(row.address))
        .col_expr(Column::IdleMillis, Expr::value(row.idle_millis))
        .filter(Column::Id.eq(row.id))
        .filter(Column::UserId.eq(row.user_id))
        .filter(Column::EndedAt.is_null())
        .exec(conn)
        .await?;
    Ok(renewed.rows_affected > 0)
}

/// Takes it into another epoch, unless it has ended: the credentials were changed in it. Whether it was there.
pub async fn update_epoch(conn: &Conn<'_>, id: Uuid, epoch: i64) -> Result<bool> {
    let live = Entity::update_many().filter(Column::Id.eq(id)).filter(Column::EndedAt.is_null());
    Ok(live.col_expr(Column::Epoch, Expr::value(epoch)).exec(conn).await?.rows_affected > 0)
}

/// Takes a person's sessions, unless they have ended, from the epoch before into this one. Those of older epochs are dead and stay so.
pub async fn update_epoch_of_user(conn: &Conn<'_>, user_id: Uuid, epoch: i64) -> Result<()> {
    let live = Entity::update_many().filter(Column::UserId.eq(user_id)).filter(Column::EndedAt.is_null());
    let live = live.filter(Column::Epoch.eq(epoch.saturating_sub(1)));
    live.col_expr(Column::Epoch, Expr::value(epoch)).exec(conn).await?;
    Ok(())
}

/// Ends it. Whether it was still going.
pub async fn revoke(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<bool> {
    let ended = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now.millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.millis()))
        .exec(conn)
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Sessions nobody can use any more, at most `limit`. How many went.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(expired(before, limit).into_query())).exec(conn).await?.rows_affected)
}

fn live(digest: &Digest, now: Timestamp, idle: Duration) -> SelectTwoRequired<Entity, users::Entity> {
    Entity::find()
        .find_both_related(users::Entity)
        .filter(Column::Digest.eq(digest.as_bytes().as_slice()))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.millis()))
        .filter(Column::LastSeenAt.gt(now.minus(idle).millis()))
        .filter(
            Column::IdleMillis
                .is_null()
                .or(Expr::col((Entity, Column::LastSeenAt)).add(Expr::col((Entity, Column::IdleMillis))).gt(now.millis())),
        )
        .filter(active())
        .filter(Expr::col((users::Entity, users::Column::AuthEpoch)).equals((Entity, Column::Epoch)))
}

fn expired(before: Timestamp, limit: u64) -> Select<Entity> {
    Entity::find().select_only().column(Column::Id).filter(Column::ExpiresAt.lt(before.millis())).limit(limit)
}

impl From<&Session> for Model {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id,
            user_id: session.user_id,
            digest: session.digest.as_bytes().to_vec(),
            created_at: session.created_at.millis(),
            auth_time: session.auth_time.millis(),
            last_seen_at: session.last_seen_at.millis(),
            expires_at: session.expires_at.millis(),
            amr: session.amr.join(" "),
            acr: session.acr.clone(),
            epoch: session.epoch,
            ended_at: session.ended_at.map(Timestamp::millis),
            second_factor_at: session.second_factor_at.map(Timestamp::millis),
            device: session.device.clone(),
            address: session.address.clone(),
            idle_millis: session.idle.map(|idle| i64::try_from(idle.as_millis()).unwrap_or(i64::MAX)),
        }
    }
}

impl TryFrom<Model> for Session {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            digest: Digest::from_slice(&row.digest).ok_or_else(|| Error::inconsistent("sessions", "a digest has the wrong length"))?,
            created_at: Timestamp::from_millis(row.created_at),
            auth_time: Timestamp::from_millis(row.auth_time),
            last_seen_at: Timestamp::from_millis(row.last_seen_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            amr: row.amr.split_whitespace().map(str::to_owned).collect(),
            acr: row.acr,
            epoch: row.epoch,
            ended_at: row.ended_at.map(Timestamp::from_millis),
            second_factor_at: row.second_factor_at.map(Timestamp::from_millis),
            device: row.device,
            address: row.address,
            idle: row.idle_millis.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase, session, user};
    use super::super::{Store, users};
    use super::*;

    const IDLE: Duration = Duration::from_mins(10);

    async fn signed_in(store: &Store) -> (Session, User) {
        let ada = user("ada@example.org");
        let hers = session(&ada, "cookie");
        let (user_row, session_row) = (ada.clone(), hers.clone());
        store
            .write(move |conn| {
                let (ada, hers) = (user_row.clone(), session_row.clone());
                Box::pin(async move {
                    users::insert(conn, &ada).await?;
                    insert(conn, &hers).await
                })
            })
            .await
            .unwrap();
        (hers, ada)
    }

    async fn alive(store: &Store, session: &Session, now: Timestamp) -> bool {
        find_live(&store.read(), &session.digest, now, IDLE).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn a_live_session_comes_with_its_person_in_one_read() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (hers, ada) = signed_in(&store).await;
            let before = store.statement_counts();
            let (session, person) = find_live(&store.read(), &hers.digest, NOW, IDLE).await.unwrap().unwrap();
            assert_eq!(store.statement_counts(), (before.0 + 1, before.1));
            assert_eq!((session.id, session.amr, session.expires_at), (hers.id, hers.amr, hers.expires_at));
            assert_eq!((person.id, person.email, person.profile), (ada.id, ada.email, ada.profile));
            assert!(find_live(&store.read(), &Digest::of(b"another"), NOW, IDLE).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_session_dies_of_idleness_and_of_age() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (hers, _) = signed_in(&store).await;
            let second = Duration::from_secs(1);
            assert!(alive(&store, &hers, NOW.plus(IDLE).minus(second)).await);
            assert!(!alive(&store, &hers, NOW.plus(IDLE)).await);
            let (id, used) = (hers.id, hers.expires_at.minus(second));
            store.write_one(move |conn| Box::pin(update_last_seen(conn, id, used))).await.unwrap();
            assert!(alive(&store, &hers, used).await);
            assert!(!alive(&store, &hers, hers.expires_at).await);
        }
    }

    #[tokio::test]
    async fn a_session_may_die_of_idleness_earlier_than_others_but_never_later() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (hers, _) = signed_in(&store).await;
            let short = Duration::from_mins(2);
            for (idle, end) in [(Some(short), short), (Some(IDLE * 2), IDLE), (None, IDLE)] {
                let session = Session { idle, ..hers.clone() };
                let renewed = session.clone();
                store
                    .write(move |conn| {
                        let session = renewed.clone();
                        Box::pin(async move { renew(conn, &session).await })
                    })
                    .await
                    .unwrap();
                assert_eq!(session.idle_within(IDLE), end);
                assert!(alive(&store, &session, NOW.plus(end).minus(Duration::from_millis(1))).await);
                assert!(!alive(&store, &session, NOW.plus(end)).await);
            }
        }
    }

    #[tokio::test]
    async fn a_session_dies_with_its_end_its_person_and_its_epoch() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (hers, ada) = signed_in(&store).await;
            for change in [User { enabled: false, ..ada.clone() }, User { auth_epoch: ada.auth_epoch + 1, ..ada.clone() }] {
                store
                    .write(move |conn| {
                        let change = change.clone();
                        Box::pin(async move { users::update(conn, &change).await })
                    })
                    .await
                    .unwrap();
                assert!(!alive(&store, &hers, NOW).await);
            }
            store
                .write(move |conn| {
                    let ada = ada.clone();
                    Box::pin(async move { users::update(conn, &ada).await })
                })
                .await
                .unwrap();
            assert!(alive(&store, &hers, NOW).await);
            let id = hers.id;
            assert!(store.write(move |conn| Box::pin(revoke(conn, id, NOW))).await.unwrap());
            assert!(!store.write(move |conn| Box::pin(revoke(conn, id, NOW))).await.unwrap());
            assert!(!alive(&store, &hers, NOW).await);
        }
    }

    #[tokio::test]
    async fn a_person_has_the_sessions_that_have_not_ended() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (hers, ada) = signed_in(&store).await;
            let ids = async |user: Uuid, now| {
                let live = list_live_by_user(&store.read(), user, now).await.unwrap();
                live.into_iter().map(|session| session.id).collect::<Vec<_>>()
            };
            assert_eq!(ids(ada.id, NOW).await, [hers.id]);
            assert!(ids(Uuid::nil(), NOW).await.is_empty());
            assert!(ids(ada.id, hers.expires_at).await.is_empty());
            let id = hers.id;
            store.write(move |conn| Box::pin(revoke(conn, id, NOW))).await.unwrap();
            assert!(ids(ada.id, NOW).await.is_empty());
        }
    }

    #[tokio::test]
    async fn a_digest_of_the_wrong_length_is_inconsistent() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (hers, _) = signed_in(&store).await;
            store
                .write(|conn| {
                    Box::pin(async move {
                        let short = Entity::update_many().col_expr(Column::Digest, Expr::value(vec![1_u8, 2, 3]));
                        short.exec(conn).await.map(drop).map_err(Error::from)
                    })
                })
                .await
                .unwrap();
            assert!(matches!(find(&store.read(), hers.id).await, Err(Error::Inconsistent { table: "sessions", .. })));
        }
    }

    #[tokio::test]
    async fn only_expired_sessions_are_purged() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (hers, _) = signed_in(&store).await;
            let end = hers.expires_at;
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, end, 100))).await.unwrap(), 0);
            let after = end.plus(Duration::from_millis(1));
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, after, 100))).await.unwrap(), 1);
        }
    }
}
