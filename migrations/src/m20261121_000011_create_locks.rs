use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};

/// Leases: who does a job that one replica at a time may do.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("locks")
                    .col(string("name").primary_key())
                    .col(string("holder"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("locks").to_owned()).await
    }
}
