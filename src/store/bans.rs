//! Address ranges that an operator keeps out.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};

use super::entities::bans::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// In CIDR notation, canonical.
    pub range: String,
    pub reason: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Those that hold now.
pub async fn list(conn: &Conn<'_>, now: Timestamp) -> Result<Vec<Ban>> {
    let rows = Entity::find().filter(Column::ExpiresAt.gt(now.millis())).order_by_asc(Column::ExpiresAt).all(conn).await?;
    Ok(rows.into_iter().map(Ban::from).collect())
}

/// Writes it, in place of one for the same range.
pub async fn update(conn: &Conn<'_>, ban: &Ban) -> Result<()> {
    let row = Model {
        range: ban.range.clone(),
        reason: ban.reason.clone(),
        created_at: ban.created_at.millis(),
        expires_at: ban.expires_at.millis(),
    };
    let again = OnConflict::column(Column::Range).update_columns([Column::Reason, Column::CreatedAt, Column::ExpiresAt]).to_owned();
    Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(conn).await?;
    Ok(())
}

/// Lifts it. Whether there was one.
pub async fn revoke(conn: &Conn<'_>, range: &str) -> Result<bool> {
    Ok(Entity::delete_by_id(range).exec(conn).await?.rows_affected > 0)
}

/// Removes those that were over before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find().select_only().column(Column::Range).filter(Column::ExpiresAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::Range.in_subquery(old)).exec(conn).await?.rows_affected)
}

impl From<Model> for Ban {
    fn from(row: Model) -> Self {
        Self {
            range: row.range,
            reason: row.reason,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        }
    }
}
