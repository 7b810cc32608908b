//! Browser sessions.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub digest: Vec<u8>,
    pub created_at: i64,
    pub auth_time: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
    /// Separated by spaces.
    pub amr: String,
    pub acr: String,
    pub epoch: i64,
    pub ended_at: Option<i64>,
    pub second_factor_at: Option<i64>,
    pub device: Option<String>,
    pub address: Option<String>,
    pub idle_millis: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::users::Entity", from = "Column::UserId", to = "super::users::Column::Id")]
    User,
}

impl Related<super::users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
