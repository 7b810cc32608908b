use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};

/// Address ranges that an operator keeps out.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let bans = Table::create()
            .table("bans")
            .col(string("range").primary_key())
            .col(string("reason"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .to_owned();
        manager.create_table(bans).await?;
        manager.create_index(Index::create().name("bans_expires_at").table("bans").col("expires_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("bans").to_owned()).await
    }
}
