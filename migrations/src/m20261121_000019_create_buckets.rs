use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};

/// Limits by account and address: when each bucket that something was taken from will be full again.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(Table::create().table("buckets").col(string("key").primary_key()).col(big_integer("full_at")).to_owned())
            .await?;
        manager.create_index(Index::create().name("buckets_full_at").table("buckets").col("full_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("buckets").to_owned()).await
    }
}
