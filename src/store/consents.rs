//! What people have allowed which client.

use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use uuid::Uuid;

use super::entities::consents::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub user_id: Uuid,
    pub client_id: String,
    /// All scopes allowed so far, separated by spaces, sorted.
    pub scope: String,
    pub granted_at: Timestamp,
}

pub async fn find(conn: &Conn<'_>, user_id: Uuid, client_id: &str) -> Result<Option<Consent>> {
    let row = Entity::find_by_id((user_id, client_id.to_owned())).one(conn).await?;
    Ok(row.map(|row| Consent {
        user_id: row.user_id,
        client_id: row.client_id,
        scope: row.scope,
        granted_at: Timestamp::from_millis(row.granted_at),
    }))
}

/// Inserts it or replaces the one there is for this user and client.
pub async fn update(conn: &Conn<'_>, consent: &Consent) -> Result<()> {
    let row = Model {
        user_id: consent.user_id,
        client_id: consent.client_id.clone(),
        scope: consent.scope.clone(),
        granted_at: consent.granted_at.millis(),
    };
    let replace = OnConflict::columns([Column::UserId, Column::ClientId]).update_columns([Column::Scope, Column::GrantedAt]).to_owned();
    Entity::insert(row.into_active_model()).on_conflict(replace).exec_without_returning(conn).await?;
    Ok(())
}

/// Whether there was one.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid, client_id: &str) -> Result<bool> {
    Ok(Entity::delete_by_id((user_id, client_id.to_owned())).exec(conn).await?.rows_affected > 0)
}
