use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, string, text, text_null, uuid};

/// People. `profile` is JSON by claim names.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("users")
                    .col(uuid("id").primary_key())
                    .col(string("email"))
                    .col(boolean("email_verified"))
                    .col(text("profile"))
                    .col(text_null("password_hash"))
                    .col(boolean("enabled"))
                    .col(boolean("administrator"))
                    .col(big_integer("auth_epoch"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .col(big_integer_null("last_sign_in_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("users_email").table("users").col("email").unique().to_owned()).await?;
        // Holds administrators alone: `is there one?` reads a handful of entries, not everybody.
        manager
            .create_index(
                Index::create()
                    .name("users_administrator")
                    .table("users")
                    .col("administrator")
                    .and_where(Expr::col("administrator"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("users").to_owned()).await
    }
}
