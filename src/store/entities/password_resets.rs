//! Password resets that were asked for.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "password_resets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub id: Uuid,
    pub token_digest: Vec<u8>,
    pub code_mac: Vec<u8>,
    pub code_tries: i32,
    pub epoch: i64,
    pub flow: Option<Vec<u8>>,
    pub locale: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
