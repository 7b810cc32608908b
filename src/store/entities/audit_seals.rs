//! The place of events in the audit chain.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "audit_seals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub event_id: Uuid,
    /// `None`: what was personal in the event has been erased.
    pub salt: Option<Vec<u8>>,
    /// Digest of the salt and of what is personal.
    pub personal: Vec<u8>,
    /// Digest of the event.
    pub leaf: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
