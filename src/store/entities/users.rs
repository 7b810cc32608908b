//! People.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
#[expect(clippy::struct_excessive_bools, reason = "columns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub email_verified: bool,
    /// JSON, claim names.
    pub profile: String,
    pub password_hash: Option<String>,
    pub enabled: bool,
    /// Every organisation they belong to is disabled: kept by `suspensions`.
    pub suspended: bool,
    pub administrator: bool,
    pub auth_epoch: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub last_sign_in_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
