use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

/// Organisations can be disabled, and people suspended with them. The release before knows neither, and leaves both as they are.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let enabled = Table::alter().table("organizations").add_column(boolean("enabled").default(true)).to_owned();
        manager.alter_table(enabled).await?;
        manager.alter_table(Table::alter().table("users").add_column(boolean("suspended").default(false)).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("users").drop_column("suspended").to_owned()).await?;
        manager.alter_table(Table::alter().table("organizations").drop_column("enabled").to_owned()).await
    }
}
