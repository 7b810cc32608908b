//! Security events, append-only. Written through `audit` alone.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};
use uuid::Uuid;

use super::entities::audit_events::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Which events an operator asks for; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub user_id: Option<Uuid>,
    pub client_id: Option<String>,
    /// `sign_in.failed`; or, ending in a full stop, all that begin so: `sign_in.`.
    pub kind: Option<String>,
    pub since: Option<Timestamp>,
    /// Not including.
    pub until: Option<Timestamp>,
}

/// The newest `limit` that pass the filter, newest first.
pub async fn list_filtered(conn: &Conn<'_>, filter: &Filter, limit: u64) -> Result<Vec<AuditEvent>> {
    let kind = filter.kind.as_deref().map(|kind| if kind.ends_with('.') { Column::Kind.starts_with(kind) } else { Column::Kind.eq(kind) });
    let passing = Entity::find()
        .apply_if(filter.user_id, |events, id| events.filter(Column::UserId.eq(id)))
        .apply_if(filter.client_id.as_deref(), |events, id| events.filter(Column::ClientId.eq(id)))
        .apply_if(kind, Select::filter)
        .apply_if(filter.since, |events, since| events.filter(Column::At.gte(since.millis())))
        .apply_if(filter.until, |events, until| events.filter(Column::At.lt(until.millis())));
    let rows = passing.order_by_desc(Column::Id).limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// The newest `limit`, newest first.
pub async fn list(conn: &Conn<'_>, limit: u64) -> Result<Vec<AuditEvent>> {
    let rows = Entity::find().order_by_desc(Column::Id).limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// Which of a person's events are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub user_id: Uuid,
    pub kinds: &'a [&'static str],
    pub since: Timestamp,
    /// Only those before this one.
    pub before: Option<Uuid>,
}

/// A person's newest `limit`, newest first.
pub async fn list_by_user(conn: &Conn<'_>, wanted: Wanted<'_>, limit: u64) -> Result<Vec<AuditEvent>> {
    let mut events = select_by_user(wanted);
    if let Some(before) = wanted.before {
        events = events.filter(Column::Id.lt(before));
    }
    let rows = events.order_by_desc(Column::Id).limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// Everything in a person's name, the newest `limit`, newest first.
pub async fn list_all_of_user(conn: &Conn<'_>, user_id: Uuid, limit: u64) -> Result<Vec<AuditEvent>> {
    let rows = Entity::find().filter(Column::UserId.eq(user_id)).order_by_desc(Column::Id).limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

fn select_by_user(wanted: Wanted<'_>) -> Select<Entity> {
    Entity::find()
        .filter(Column::UserId.eq(wanted.user_id))
        .filter(Column::Kind.is_in(wanted.kinds.iter().copied()))
        .filter(Column::At.gte(wanted.since.millis()))
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
            sealed_in: None,
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
