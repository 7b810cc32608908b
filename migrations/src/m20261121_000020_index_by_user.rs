use sea_orm_migration::prelude::*;

/// What happened in one account, what it has granted, and which accounts are to be deleted.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let events = Index::create().name("audit_events_user_id").table("audit_events").col("user_id").col("id").to_owned();
        manager.create_index(events).await?;
        manager.create_index(Index::create().name("grants_user_id").table("grants").col("user_id").to_owned()).await?;
        manager.create_index(Index::create().name("user_security_delete_at").table("user_security").col("delete_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("user_security_delete_at").table("user_security").to_owned()).await?;
        manager.drop_index(Index::drop().name("grants_user_id").table("grants").to_owned()).await?;
        manager.drop_index(Index::drop().name("audit_events_user_id").table("audit_events").to_owned()).await
    }
}
