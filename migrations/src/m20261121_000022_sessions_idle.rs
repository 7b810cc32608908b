use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

/// How long a session may go unused where an organisation allows less than the service does.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("sessions").add_column(big_integer_null("idle_millis")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("sessions").drop_column("idle_millis").to_owned()).await
    }
}
