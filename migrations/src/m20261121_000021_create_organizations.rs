use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, string, text, uuid};

/// Organisations, what they ask of their people, and who belongs to them.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let organizations = Table::create()
            .table("organizations")
            .col(string("id").primary_key())
            .col(text("name"))
            .col(text("policy"))
            .col(boolean("managed"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned();
        manager.create_table(organizations).await?;
        let memberships = Table::create()
            .table("memberships")
            .col(string("organization_id"))
            .col(uuid("user_id"))
            .col(boolean("administrator"))
            .col(big_integer("created_at"))
            .primary_key(Index::create().col("organization_id").col("user_id"))
            .to_owned();
        manager.create_table(memberships).await?;
        manager.create_index(Index::create().name("memberships_user_id").table("memberships").col("user_id").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("memberships").to_owned()).await?;
        manager.drop_table(Table::drop().table("organizations").to_owned()).await
    }
}
