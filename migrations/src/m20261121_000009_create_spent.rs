use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};

/// What may be used once although it is sealed or signed, until it would have expired anyway.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("spent")
                    .col(string("kind"))
                    .col(string("id"))
                    .col(big_integer("expires_at"))
                    .primary_key(Index::create().col("kind").col("id"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("spent_expires_at").table("spent").col("expires_at").to_owned()).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("spent").to_owned()).await
    }
}
