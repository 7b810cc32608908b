//! The outbox of back-channel logout.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::entities::logout_deliveries::{ActiveModel, Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    Pending,
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug)]
pub struct LogoutDelivery {
    pub id: Uuid,
    pub client_id: String,
    pub uri: String,
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub state: DeliveryState,
    pub attempts: i32,
    pub next_attempt_at: Timestamp,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
}

pub async fn insert(conn: &Conn<'_>, delivery: &LogoutDelivery) -> Result<()> {
    Entity::insert(Model::from(delivery).into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Pending ones whose time has come, at most `limit`, oldest first.
pub async fn list_due(conn: &Conn<'_>, now: Timestamp, limit: u64) -> Result<Vec<LogoutDelivery>> {
    Entity::find()
        .filter(Column::State.eq(DeliveryState::Pending.as_str()))
        .filter(Column::NextAttemptAt.lte(now.millis()))
        .order_by_asc(Column::NextAttemptAt)
        .limit(limit)
        .all(conn)
        .await?
        .into_iter()
        .map(LogoutDelivery::try_from)
        .collect()
}

/// Takes one for an attempt: `attempts + 1`, not due again before `lease_until`. Whether this call got it (another replica may have).
pub async fn redeem(conn: &Conn<'_>, id: Uuid, attempts_before: i32, lease_until: Timestamp) -> Result<bool> {
    let taken = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::NextAttemptAt, Expr::value(lease_until.millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::Attempts.eq(attempts_before))
        .filter(Column::State.eq(DeliveryState::Pending.as_str()))
        .exec(conn)
        .await?;
    Ok(taken.rows_affected > 0)
}

/// Notes how an attempt went.
pub async fn update(conn: &Conn<'_>, id: Uuid, state: DeliveryState, next_attempt_at: Timestamp, last_error: Option<&str>) -> Result<()> {
    let outcome = ActiveModel {
        state: Set(state.as_str().to_owned()),
        next_attempt_at: Set(next_attempt_at.millis()),
        last_error: Set(last_error.map(str::to_owned)),
        ..ActiveModel::default()
    };
    let changed = Entity::update_many().set(outcome).filter(Column::Id.eq(id)).exec(conn).await?.rows_affected;
    if changed == 0 { Err(Error::NotFound("logout delivery")) } else { Ok(()) }
}

/// Puts off everything that is due to one client, untried.
pub async fn update_due_of_client(conn: &Conn<'_>, client_id: &str, now: Timestamp, until: Timestamp) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::NextAttemptAt, Expr::value(until.millis()))
        .filter(Column::ClientId.eq(client_id))
        .filter(Column::State.eq(DeliveryState::Pending.as_str()))
        .filter(Column::NextAttemptAt.lte(now.millis()))
        .exec(conn)
        .await?;
    Ok(())
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<LogoutDelivery>> {
    Entity::find_by_id(id).one(conn).await?.map(LogoutDelivery::try_from).transpose()
}

pub async fn list(conn: &Conn<'_>, limit: u64) -> Result<Vec<LogoutDelivery>> {
    let newest = Entity::find().order_by_desc(Column::CreatedAt).limit(limit);
    newest.all(conn).await?.into_iter().map(LogoutDelivery::try_from).collect()
}

/// Removes finished ones created before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::CreatedAt.lt(before.millis()))
        .filter(Column::State.ne(DeliveryState::Pending.as_str()))
        .limit(limit)
        .into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(conn).await?.rows_affected)
}

impl From<&LogoutDelivery> for Model {
    fn from(delivery: &LogoutDelivery) -> Self {
        Self {
            id: delivery.id,
            client_id: delivery.client_id.clone(),
            uri: delivery.uri.clone(),
            user_id: delivery.user_id,
            session_id: delivery.session_id,
            state: delivery.state.as_str().to_owned(),
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.millis(),
            last_error: delivery.last_error.clone(),
            created_at: delivery.created_at.millis(),
        }
    }
}

impl TryFrom<Model> for LogoutDelivery {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let state = DeliveryState::ALL
            .into_iter()
            .find(|state| state.as_str() == row.state)
            .ok_or_else(|| Error::inconsistent("logout_deliveries", format!("unknown state {}", row.state)))?;
        Ok(Self {
            id: row.id,
            client_id: row.client_id,
            uri: row.uri,
            user_id: row.user_id,
            session_id: row.session_id,
            state,
            attempts: row.attempts,
            next_attempt_at: Timestamp::from_millis(row.next_attempt_at),
            last_error: row.last_error,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    fn delivery(id: u128, after: u64) -> LogoutDelivery {
        LogoutDelivery {
            id: Uuid::from_u128(id),
            client_id: "autotalk".to_owned(),
            uri: "https://app.example/logout".to_owned(),
            user_id: Uuid::nil(),
            session_id: Uuid::nil(),
            state: DeliveryState::Pending,
            attempts: 0,
            next_attempt_at: NOW.plus(Duration::from_secs(after)),
            last_error: None,
            created_at: NOW,
        }
    }

    async fn queued(store: &Store) {
        store.write(|conn| Box::pin(queue_three(conn))).await.unwrap();
    }

    async fn queue_three(conn: &Conn<'_>) -> Result<()> {
        insert(conn, &delivery(1, 5)).await?;
        insert(conn, &delivery(2, 0)).await?;
        insert(conn, &delivery(3, 60)).await
    }

    #[tokio::test]
    async fn due_ones_come_oldest_first_and_are_taken_once() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            queued(&store).await;
            let now = NOW.plus(Duration::from_secs(5));
            let due = list_due(&store.read(), now, 10).await.unwrap();
            assert_eq!(due.iter().map(|delivery| delivery.id.as_u128()).collect::<Vec<_>>(), [2, 1]);
            let (id, lease) = (due[0].id, NOW.plus(Duration::from_secs(30)));
            assert!(store.write_one(move |conn| Box::pin(redeem(conn, id, 0, lease))).await.unwrap());
            assert!(!store.write_one(move |conn| Box::pin(redeem(conn, id, 0, lease))).await.unwrap());
            assert_eq!(list_due(&store.read(), now, 10).await.unwrap().len(), 1);
            assert_eq!(find(&store.read(), id).await.unwrap().unwrap().attempts, 1);
        }
    }

    #[tokio::test]
    async fn only_finished_ones_are_purged() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            queued(&store).await;
            let id = Uuid::from_u128(1);
            store.write(move |conn| Box::pin(update(conn, id, DeliveryState::Failed, NOW, Some("410 Gone")))).await.unwrap();
            let found = find(&store.read(), id).await.unwrap().unwrap();
            assert_eq!((found.state, found.last_error.as_deref()), (DeliveryState::Failed, Some("410 Gone")));
            let later = NOW.plus(Duration::from_secs(1));
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, later, 10))).await.unwrap(), 1);
            assert_eq!(list(&store.read(), 10).await.unwrap().len(), 2);
        }
    }
}
