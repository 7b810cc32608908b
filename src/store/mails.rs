//! The outbox of mail.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::entities::mails::{ActiveModel, Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    Pending,
    Sent,
    /// Given up, or too late to be of use.
    Failed,
}

impl MailState {
    const ALL: [Self; 3] = [Self::Pending, Self::Sent, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// One mail to one person.
#[derive(Clone, Debug)]
pub struct Mail {
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    /// The message's name, for operators.
    pub kind: String,
    /// Sealed: recipient, language, message. Emptied when it was sent.
    pub content: Vec<u8>,
    pub state: MailState,
    pub attempts: i32,
    pub next_attempt_at: Timestamp,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    /// After this the message is of no use any more.
    pub expires_at: Timestamp,
}

pub async fn insert(conn: &Conn<'_>, mail: &Mail) -> Result<()> {
    Entity::insert(Model::from(mail).into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Pending ones whose time has come, at most `limit`, oldest first.
pub async fn list_due(conn: &Conn<'_>, now: Timestamp, limit: u64) -> Result<Vec<Mail>> {
    let due = Entity::find()
        .filter(Column::State.eq(MailState::Pending.as_str()))
        .filter(Column::NextAttemptAt.lte(now.millis()))
        .order_by_asc(Column::NextAttemptAt)
        .limit(limit);
    due.all(conn).await?.into_iter().map(Mail::try_from).collect()
}

/// Takes one for an attempt: `attempts + 1`, not due again before `lease_until`. Whether this call got it (another replica may have).
pub async fn redeem(conn: &Conn<'_>, id: Uuid, attempts_before: i32, lease_until: Timestamp) -> Result<bool> {
    let taken = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::NextAttemptAt, Expr::value(lease_until.millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::Attempts.eq(attempts_before))
        .filter(Column::State.eq(MailState::Pending.as_str()))
        .exec(conn)
        .await?;
    Ok(taken.rows_affected > 0)
}

/// How an attempt went.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub state: MailState,
    pub next_attempt_at: Timestamp,
    pub error: Option<String>,
}

/// Notes how attempt number `attempt` went, while it is the last one and nothing was noted. Whether it was so. What is finished keeps no content.
pub async fn update(conn: &Conn<'_>, (id, attempt): (Uuid, i32), outcome: &Outcome) -> Result<bool> {
    let mut noted = ActiveModel {
        state: Set(outcome.state.as_str().to_owned()),
        next_attempt_at: Set(outcome.next_attempt_at.millis()),
        last_error: Set(outcome.error.clone()),
        ..ActiveModel::default()
    };
    if outcome.state != MailState::Pending {
        noted.content = Set(Vec::new());
    }
    let changed = Entity::update_many()
        .set(noted)
        .filter(Column::Id.eq(id))
        .filter(Column::Attempts.eq(attempt))
        .filter(Column::State.eq(MailState::Pending.as_str()))
        .exec(conn)
        .await?;
    Ok(changed.rows_affected > 0)
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<Mail>> {
    Entity::find_by_id(id).one(conn).await?.map(Mail::try_from).transpose()
}

/// The newest, newest first: ids begin with the time.
pub async fn list(conn: &Conn<'_>, limit: u64) -> Result<Vec<Mail>> {
    let newest = Entity::find().order_by_desc(Column::Id).limit(limit);
    newest.all(conn).await?.into_iter().map(Mail::try_from).collect()
}

/// Removes those finished before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.is_in([MailState::Sent.as_str(), MailState::Failed.as_str()]))
        // Of what is finished, this is when.
        .filter(Column::NextAttemptAt.lt(before.millis()))
        .limit(limit)
        .into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(conn).await?.rows_affected)
}

impl From<&Mail> for Model {
    fn from(mail: &Mail) -> Self {
        Self {
            id: mail.id,
            user_id: mail.user_id,
            kind: mail.kind.clone(),
            content: mail.content.clone(),
            state: mail.state.as_str().to_owned(),
            attempts: mail.attempts,
            next_attempt_at: mail.next_attempt_at.millis(),
            last_error: mail.last_error.clone(),
            created_at: mail.created_at.millis(),
            expires_at: mail.expires_at.millis(),
        }
    }
}

impl TryFrom<Model> for Mail {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let state = MailState::ALL
            .into_iter()
            .find(|state| state.as_str() == row.state)
            .ok_or_else(|| Error::inconsistent("mails", format!("unknown state {}", row.state)))?;
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            kind: row.kind,
            content: row.content,
            state,
            attempts: row.attempts,
            next_attempt_at: Timestamp::from_millis(row.next_attempt_at),
            last_error: row.last_error,
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

    fn mail(id: u128, after: u64) -> Mail {
        Mail {
            id: Uuid::from_u128(id),
            user_id: None,
            kind: "password_changed".to_owned(),
            content: vec![1, 2, 3],
            state: MailState::Pending,
            attempts: 0,
            next_attempt_at: NOW.plus(Duration::from_secs(after)),
            last_error: None,
            created_at: NOW,
            expires_at: NOW.plus(Duration::from_hours(1)),
        }
    }

    async fn insert_three(conn: &Conn<'_>) -> Result<()> {
        insert(conn, &mail(1, 5)).await?;
        insert(conn, &mail(2, 0)).await?;
        insert(conn, &mail(3, 60)).await
    }

    async fn filled(database: &TestDatabase) -> Store {
        let store = database.migrated().await;
        store.write(|conn| Box::pin(insert_three(conn))).await.unwrap();
        store
    }

    async fn noted(store: &Store, attempt: (Uuid, i32), state: MailState, error: &'static str) -> bool {
        let outcome = Outcome { state, next_attempt_at: NOW, error: Some(error.to_owned()) };
        let note = store.write(move |conn| {
            let outcome = outcome.clone();
            Box::pin(async move { update(conn, attempt, &outcome).await })
        });
        note.await.unwrap()
    }

    #[tokio::test]
    async fn due_ones_come_oldest_first_and_one_caller_gets_each() {
        for database in TestDatabase::each().await {
            let store = filled(&database).await;
            let now = NOW.plus(Duration::from_secs(5));
            let due = list_due(&store.read(), now, 10).await.unwrap();
            assert_eq!(due.iter().map(|mail| mail.id.as_u128()).collect::<Vec<_>>(), [2, 1]);
            let (id, lease) = (due[0].id, NOW.plus(Duration::from_secs(30)));
            let take = || store.write_one(move |conn| Box::pin(redeem(conn, id, 0, lease)));
            let taken = futures_util::future::join_all((0..8).map(|_| take())).await;
            assert_eq!(taken.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
            assert_eq!(list_due(&store.read(), now, 10).await.unwrap().len(), 1);
            let found = find(&store.read(), id).await.unwrap().unwrap();
            assert_eq!((found.attempts, found.content.len()), (1, 3));
            assert_eq!(list_due(&store.read(), lease, 10).await.unwrap().len(), 2, "the lease runs out");
        }
    }

    #[tokio::test]
    async fn what_is_finished_keeps_no_content_and_is_not_taken_again() {
        for database in TestDatabase::each().await {
            let store = filled(&database).await;
            for (id, state) in [(1, MailState::Sent), (2, MailState::Failed)] {
                let id = Uuid::from_u128(id);
                assert!(noted(&store, (id, 0), state, "why").await);
                assert!(!noted(&store, (id, 0), MailState::Pending, "late").await, "what is finished stays so");
                let found = find(&store.read(), id).await.unwrap().unwrap();
                assert_eq!((found.state, found.content.len(), found.last_error.as_deref()), (state, 0, Some("why")));
                assert!(!store.write_one(move |conn| Box::pin(redeem(conn, id, 0, NOW))).await.unwrap());
            }
            let waiting = Uuid::from_u128(3);
            assert!(noted(&store, (waiting, 0), MailState::Pending, "later").await);
            assert!(store.write_one(move |conn| Box::pin(redeem(conn, waiting, 0, NOW))).await.unwrap());
            assert!(!noted(&store, (waiting, 0), MailState::Sent, "of the attempt before").await, "another attempt is under way");
            assert_eq!(find(&store.read(), waiting).await.unwrap().unwrap().content.len(), 3);
            assert!(!noted(&store, (Uuid::nil(), 0), MailState::Sent, "gone").await);
        }
    }

    #[tokio::test]
    async fn only_finished_ones_are_purged() {
        for database in TestDatabase::each().await {
            let store = filled(&database).await;
            let id = Uuid::from_u128(1);
            assert!(noted(&store, (id, 0), MailState::Sent, "").await);
            assert_eq!(store.write(|conn| Box::pin(purge(conn, NOW, 10))).await.unwrap(), 0, "not before its time");
            let later = NOW.plus(Duration::from_secs(1));
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, later, 10))).await.unwrap(), 1);
            assert_eq!(list(&store.read(), 10).await.unwrap().len(), 2);
        }
    }
}
