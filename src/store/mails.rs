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

/// Notes how an attempt went. What is finished keeps no content.
pub async fn update(conn: &Conn<'_>, id: Uuid, state: MailState, next_attempt_at: Timestamp, last_error: Option<&str>) -> Result<()> {
    let mut outcome = ActiveModel {
        state: Set(state.as_str().to_owned()),
        next_attempt_at: Set(next_attempt_at.millis()),
        last_error: Set(last_error.map(str::to_owned)),
        ..ActiveModel::default()
    };
    if state != MailState::Pending {
        outcome.content = Set(Vec::new());
    }
    let changed = Entity::update_many().set(outcome).filter(Column::Id.eq(id)).exec(conn).await?.rows_affected;
    if changed == 0 { Err(Error::NotFound("mail")) } else { Ok(()) }
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<Mail>> {
    Entity::find_by_id(id).one(conn).await?.map(Mail::try_from).transpose()
}

/// The newest, newest first.
pub async fn list(conn: &Conn<'_>, limit: u64) -> Result<Vec<Mail>> {
    let newest = Entity::find().order_by_desc(Column::CreatedAt).limit(limit);
    newest.all(conn).await?.into_iter().map(Mail::try_from).collect()
}

/// Removes finished ones created before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::CreatedAt.lt(before.millis()))
        .filter(Column::State.ne(MailState::Pending.as_str()))
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
