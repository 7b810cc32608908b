//! Batches of the audit chain.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "audit_batches")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub first_sequence: i64,
    pub last_sequence: i64,
    pub newest_at: i64,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
    pub checkpoint: String,
    pub sealed_at: i64,
    pub removed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
