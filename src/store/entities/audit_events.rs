//! Security events.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: i64,
    pub kind: String,
    pub user_id: Option<Uuid>,
    pub client_id: Option<String>,
    pub session_id: Option<Uuid>,
    pub grant_id: Option<Uuid>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// A JSON object.
    pub detail: String,
    /// The batch of the audit chain; `None` while it waits to be sealed.
    pub sealed_in: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
