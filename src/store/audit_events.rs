//! Security events, append-only. Written through `audit` alone.

use sea_orm::{EntityTrait as _, IntoActiveModel as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use super::entities::audit_events::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug)]
pub struct AuditEvent {
    pub id: Uuid,
    pub at: Timestamp,
    /// `sign_in.succeeded`, `grant.created`, ….
    pub kind: String,
    pub user_id: Option<Uuid>,
    pub client_id: Option<String>,
    pub session_id: Option<Uuid>,
    pub grant_id: Option<Uuid>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// A JSON object.
    pub detail: String,
}

pub async fn insert(conn: &Conn<'_>, event: &AuditEvent) -> Result<()> {
    Entity::insert(Model::from(event).into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// The newest `limit`, newest first.
pub async fn list(conn: &Conn<'_>, limit: u64) -> Result<Vec<AuditEvent>> {
    let rows = Entity::find().order_by_desc(Column::Id).limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

impl From<&AuditEvent> for Model {
    fn from(event: &AuditEvent) -> Self {
        Self {
            id: event.id,
            at: event.at.millis(),
            kind: event.kind.clone(),
            user_id: event.user_id,
            client_id: event.client_id.clone(),
            session_id: event.session_id,
            grant_id: event.grant_id,
            address: event.address.clone(),
            request_id: event.request_id.clone(),
            detail: event.detail.clone(),
        }
    }
}

impl From<Model> for AuditEvent {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            at: Timestamp::from_millis(row.at),
            kind: row.kind,
            user_id: row.user_id,
            client_id: row.client_id,
            session_id: row.session_id,
            grant_id: row.grant_id,
            address: row.address,
            request_id: row.request_id,
            detail: row.detail,
        }
    }
}
