//! What devices without a browser asked for, and what a person answered (RFC 8628).

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, UpdateMany,
};
use uuid::Uuid;

use super::entities::device_authorizations::{Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::{SKEW, Timestamp};
use crate::secret::Digest;

/// By how much each poll that comes too early lengthens the interval (RFC 8628 §3.5).
pub const SLOWER_BY: Duration = Duration::from_secs(5);

/// An answer is there for its device at least so long.
const ANSWER_KEPT: Duration = Duration::from_mins(1);

/// Networks hold up one poll and not the next: who keeps to the interval is not told to slow down.
const GRACE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub struct DeviceAuthorization {
    /// Becomes the grant's id.
    pub id: Uuid,
    pub device_code: Digest,
    /// Under the service's pepper: the code is too short for a plain digest.
    pub user_code: Digest,
    pub client_id: String,
    /// Asked for; once approved, what the person was shown. Separated by spaces.
    pub scope: String,
    /// Class of the address that asked.
    pub address: Option<String>,
    /// Between polls, at least.
    pub interval: Duration,
    pub state: State,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Denied,
    Approved(Approval),
}

/// Who allowed it, and how they had signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    pub acr: String,
    /// The user's `auth_epoch` then.
    pub epoch: i64,
}

impl DeviceAuthorization {
    /// Whether a person can still answer it. One that was made ahead of now was made by a clock that was wrong, and may have expired by that clock.
    #[must_use]
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.state == State::Pending && now < self.expires_at && !now.is_before(self.created_at)
    }
}

/// Whether both codes were new.
pub async fn insert(conn: &Conn<'_>, authorization: &DeviceAuthorization) -> Result<bool> {
    let new = OnConflict::new().do_nothing().to_owned();
    let statement = Entity::insert(Model::from(authorization).into_active_model()).on_conflict(new).into_query();
    Ok(conn.change(&statement).await? > 0)
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<DeviceAuthorization>> {
    Entity::find_by_id(id).one(conn).await?.map(DeviceAuthorization::try_from).transpose()
}

pub async fn find_by_device_code(conn: &Conn<'_>, digest: &Digest) -> Result<Option<DeviceAuthorization>> {
    let found = Entity::find().filter(Column::DeviceCodeDigest.eq(digest.as_bytes().to_vec())).one(conn).await?;
    found.map(DeviceAuthorization::try_from).transpose()
}

pub async fn find_by_user_code(conn: &Conn<'_>, digest: &Digest) -> Result<Option<DeviceAuthorization>> {
    let found = Entity::find().filter(Column::UserCodeDigest.eq(digest.as_bytes().to_vec())).one(conn).await?;
    found.map(DeviceAuthorization::try_from).transpose()
}

/// The person allows it, for `scope`. Whether it was still to be answered: one statement decides among several answers.
pub async fn redeem_approval(conn: &Conn<'_>, id: Uuid, scope: &str, approval: &Approval, now: Timestamp) -> Result<bool> {
    let approved = pending(id, now)
        .col_expr(Column::State, Expr::value("approved"))
        .col_expr(Column::Scope, Expr::value(scope))
        .col_expr(Column::UserId, Expr::value(approval.user_id))
        .col_expr(Column::SessionId, Expr::value(approval.session_id))
        .col_expr(Column::AuthTime, Expr::value(approval.auth_time.millis()))
        .col_expr(Column::Amr, Expr::value(approval.amr.join(" ")))
        .col_expr(Column::Acr, Expr::value(approval.acr.as_str()))
        .col_expr(Column::Epoch, Expr::value(approval.epoch));
    Ok(approved.exec(conn).await?.rows_affected > 0)
}

/// The person does not. Whether it was still to be answered.
pub async fn redeem_denial(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<bool> {
    Ok(pending(id, now).col_expr(Column::State, Expr::value("denied")).exec(conn).await?.rows_affected > 0)
}

/// Notes a poll while it is pending. Whether it came no earlier than the interval allows.
pub async fn redeem_poll(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<bool> {
    let grace = i64::try_from(GRACE.as_millis()).unwrap_or_default();
    let due = Expr::col(Column::PolledAt).add(Expr::col(Column::PollInterval)).lte(now.millis().saturating_add(grace));
    // A poll that lies ahead was noted by a clock that was wrong: nobody waits for that time.
    let in_time = Condition::any().add(Column::PolledAt.is_null()).add(due).add(Column::PolledAt.gt(now.plus(SKEW).millis()));
    let polled = Entity::update_many()
        .col_expr(Column::PolledAt, Expr::value(now.millis()))
        .filter(Column::Id.eq(id))
        .filter(in_time)
        .exec(conn)
        .await?;
    Ok(polled.rows_affected > 0)
}

/// A poll came too early: from now on the interval is longer.
pub async fn update_slowed(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    let slower = i64::try_from(SLOWER_BY.as_millis()).unwrap_or_default();
    Entity::update_many()
        .col_expr(Column::PollInterval, Expr::col(Column::PollInterval).add(slower))
        .col_expr(Column::PolledAt, Expr::value(now.millis()))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Takes it back, answered or not. Whether there was one.
pub async fn revoke(conn: &Conn<'_>, id: Uuid) -> Result<bool> {
    Ok(Entity::delete_by_id(id).exec(conn).await?.rows_affected > 0)
}

/// Those of a client that is removed or disabled.
pub(super) async fn revoke_all_of_client(conn: &Conn<'_>, client_id: &str) -> Result<()> {
    Entity::delete_many().filter(Column::ClientId.eq(client_id)).exec(conn).await?;
    Ok(())
}

/// Removes those that expired before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find().select_only().column(Column::Id).filter(Column::ExpiresAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(conn).await?.rows_affected)
}

/// What is still to be answered. The answer is kept for the device's next poll, however late it came.
fn pending(id: Uuid, now: Timestamp) -> UpdateMany<Entity> {
    let (end, next) = (|| Expr::col(Column::ExpiresAt), now.plus(ANSWER_KEPT).millis());
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::case(end().lt(next), next).finally(end()).into())
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq("pending"))
        .filter(Column::ExpiresAt.gt(now.millis()))
        .filter(Column::CreatedAt.lte(now.plus(SKEW).millis()))
}

impl From<&DeviceAuthorization> for Model {
    fn from(from: &DeviceAuthorization) -> Self {
        let approval = match &from.state {
            State::Approved(approval) => Some(approval),
            State::Pending | State::Denied => None,
        };
        Self {
            id: from.id,
            device_code_digest: from.device_code.as_bytes().to_vec(),
            user_code_digest: from.user_code.as_bytes().to_vec(),
            client_id: from.client_id.clone(),
            scope: from.scope.clone(),
            address: from.address.clone(),
            poll_interval: i64::try_from(from.interval.as_millis()).unwrap_or(i64::MAX),
            polled_at: None,
            state: match from.state {
                State::Pending => "pending",
                State::Denied => "denied",
                State::Approved(_) => "approved",
            }
            .to_owned(),
            user_id: approval.map(|approval| approval.user_id),
            session_id: approval.map(|approval| approval.session_id),
            auth_time: approval.map(|approval| approval.auth_time.millis()),
            amr: approval.map(|approval| approval.amr.join(" ")),
            acr: approval.map(|approval| approval.acr.clone()),
            epoch: approval.map(|approval| approval.epoch),
            created_at: from.created_at.millis(),
            expires_at: from.expires_at.millis(),
        }
    }
}

impl TryFrom<Model> for DeviceAuthorization {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let broken = |what: &str| Error::inconsistent("device_authorizations", format!("{} {what}", row.id));
        let digest = |bytes: &[u8]| Digest::from_slice(bytes).ok_or_else(|| broken("has a digest of the wrong length"));
        let state = match row.state.as_str() {
            "pending" => State::Pending,
            "denied" => State::Denied,
            "approved" => State::Approved(approval(&row).ok_or_else(|| broken("was approved by nobody"))?),
            _ => return Err(broken("is in no state there is")),
        };
        Ok(Self {
            id: row.id,
            device_code: digest(&row.device_code_digest)?,
            user_code: digest(&row.user_code_digest)?,
            client_id: row.client_id,
            scope: row.scope,
            address: row.address,
            interval: Duration::from_millis(u64::try_from(row.poll_interval).unwrap_or_default()),
            state,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    }
}

fn approval(row: &Model) -> Option<Approval> {
    Some(Approval {
        user_id: row.user_id?,
        session_id: row.session_id?,
        auth_time: Timestamp::from_millis(row.auth_time?),
        amr: row.amr.as_deref()?.split_whitespace().map(str::to_owned).collect(),
        acr: row.acr.clone()?,
        epoch: row.epoch?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    fn asked(name: &str) -> DeviceAuthorization {
        DeviceAuthorization {
            id: crate::secret::random_id(),
            device_code: Digest::of(name.as_bytes()),
            user_code: Digest::of(format!("user {name}").as_bytes()),
            client_id: "tv".to_owned(),
            scope: "openid".to_owned(),
            address: None,
            interval: Duration::from_secs(5),
            state: State::Pending,
            created_at: NOW,
            expires_at: NOW.plus(Duration::from_mins(10)),
        }
    }

    fn approval() -> Approval {
        Approval {
            user_id: Uuid::max(),
            session_id: Uuid::max(),
            auth_time: NOW,
            amr: vec!["pwd".to_owned(), "otp".to_owned()],
            acr: "aal2".to_owned(),
            epoch: 3,
        }
    }

    async fn inserted(store: &Store, authorization: &DeviceAuthorization) -> bool {
        let authorization = authorization.clone();
        let inserting = store.write(move |conn| {
            let authorization = authorization.clone();
            Box::pin(async move { insert(conn, &authorization).await })
        });
        inserting.await.unwrap()
    }

    async fn approved(store: &Store, id: Uuid, now: Timestamp) -> bool {
        store.write_one(move |conn| Box::pin(async move { redeem_approval(conn, id, "openid", &approval(), now).await })).await.unwrap()
    }

    #[tokio::test]
    async fn a_code_that_is_there_already_is_not_given_again() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let first = asked("a");
            assert!(inserted(&store, &first).await);
            assert!(!inserted(&store, &DeviceAuthorization { user_code: first.user_code, ..asked("b") }).await);
            assert!(!inserted(&store, &DeviceAuthorization { device_code: first.device_code, ..asked("c") }).await);
            let found = find_by_user_code(&store.read(), &first.user_code).await.unwrap().unwrap();
            assert_eq!((found.id, found.interval, found.state), (first.id, first.interval, State::Pending));
            assert!(find_by_device_code(&store.read(), &first.user_code).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn it_is_answered_once_and_in_time() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (first, second) = (asked("a"), asked("b"));
            inserted(&store, &first).await;
            inserted(&store, &second).await;
            assert!(!approved(&store, first.id, first.expires_at).await, "too late");
            let late = first.expires_at.minus(Duration::from_secs(2));
            assert!(approved(&store, first.id, late).await);
            let kept = find(&store.read(), first.id).await.unwrap().unwrap().expires_at;
            assert_eq!(kept, late.plus(ANSWER_KEPT), "for the device's next poll");
            assert!(!approved(&store, first.id, NOW).await);
            let (first, second) = (first.id, second.id);
            assert!(!store.write_one(move |conn| Box::pin(redeem_denial(conn, first, NOW))).await.unwrap());
            assert!(store.write_one(move |conn| Box::pin(redeem_denial(conn, second, NOW))).await.unwrap());
            assert!(!approved(&store, second, NOW).await);
            let found = find(&store.read(), first).await.unwrap().unwrap();
            assert_eq!(found.state, State::Approved(approval()));
        }
    }

    #[tokio::test]
    async fn who_polls_too_early_waits_longer() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let one = asked("a");
            inserted(&store, &one).await;
            let at = |seconds| NOW.plus(Duration::from_secs(seconds));
            let poll = |now| store.write_one(move |conn| Box::pin(redeem_poll(conn, one.id, now)));
            assert!(poll(at(0)).await.unwrap());
            assert!(poll(at(4)).await.unwrap(), "a second of grace");
            assert!(!poll(at(7)).await.unwrap());
            store.write_one(move |conn| Box::pin(update_slowed(conn, one.id, at(7)))).await.unwrap();
            assert!(!poll(at(15)).await.unwrap(), "ten seconds by now");
            assert!(poll(at(16)).await.unwrap());
            assert!(!poll(NOW).await.unwrap(), "a little behind is early");
            assert!(poll(NOW.minus(Duration::from_hours(5))).await.unwrap(), "the clock was set right");
        }
    }

    #[tokio::test]
    async fn old_ones_are_purged() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let one = asked("a");
            inserted(&store, &one).await;
            let end = one.expires_at;
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, end, 10))).await.unwrap(), 0);
            let after = end.plus(Duration::from_secs(1));
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, after, 10))).await.unwrap(), 1);
        }
    }
}
