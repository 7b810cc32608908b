use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

/// In which batch of the audit chain an event was sealed; null while it waits. The index finds those that wait, in the order of their ids.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("audit_events").add_column(big_integer_null("sealed_in")).to_owned()).await?;
        let index = Index::create().name("audit_events_sealed_in").table("audit_events").col("sealed_in").col("id").to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("audit_events_sealed_in").table("audit_events").to_owned()).await?;
        manager.alter_table(Table::alter().table("audit_events").drop_column("sealed_in").to_owned()).await
    }
}
