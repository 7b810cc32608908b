use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::uuid_null;

/// In which session, or sign-in that waits for its second factor, a set of recovery codes was made: they are shown there alone.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("recovery_codes").add_column(uuid_null("shown_to")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("recovery_codes").drop_column("shown_to").to_owned()).await
    }
}
