use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, uuid};

/// What was guessed wrong in a row, by person, or by person and known device; and which accounts were tried from an address.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let failures = Table::create()
            .table("failures")
            .col(string("key").primary_key())
            .col(uuid("user_id"))
            .col(integer("failures"))
            .col(big_integer("blocked_until"))
            .col(big_integer("last_at"))
            .to_owned();
        manager.create_table(failures).await?;
        manager.create_index(Index::create().name("failures_user_id").table("failures").col("user_id").to_owned()).await?;
        manager.create_index(Index::create().name("failures_last_at").table("failures").col("last_at").to_owned()).await?;
        let tried = Table::create()
            .table("tried_accounts")
            .col(string("address").primary_key())
            .col(string("accounts"))
            .col(integer("tally"))
            .col(big_integer("started_at"))
            .to_owned();
        manager.create_table(tried).await?;
        manager.create_index(Index::create().name("tried_accounts_started_at").table("tried_accounts").col("started_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("tried_accounts").to_owned()).await?;
        manager.drop_table(Table::drop().table("failures").to_owned()).await
    }
}
