//! Leases, so that one replica at a time does a job.

use std::time::Duration;

use sea_orm::sea_query::{ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryTrait as _};

use super::entities::locks::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

/// Takes or prolongs the lease `name` for `holder`, in one statement. Whether `holder` has it now.
pub async fn redeem(conn: &Conn<'_>, name: &str, holder: &str, now: Timestamp, lease: Duration) -> Result<bool> {
    let row = Model { name: name.to_owned(), holder: holder.to_owned(), expires_at: now.plus(lease).millis() };
    let take = OnConflict::column(Column::Name)
        .update_columns([Column::Holder, Column::ExpiresAt])
        .action_and_where(Column::Holder.eq(holder).or(Column::ExpiresAt.lte(now.millis())))
        .to_owned();
    let statement = Entity::insert(row.into_active_model()).on_conflict(take).into_query();
    Ok(conn.change(&statement).await? > 0)
}
