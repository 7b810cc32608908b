use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, blob_null, integer, string, uuid};

/// Password resets that were asked for: one per account, the newest. `flow` is sealed: the application's request that goes on afterwards.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("password_resets")
                    .col(uuid("user_id").primary_key())
                    .col(uuid("id"))
                    .col(blob("token_digest"))
                    .col(blob("code_mac"))
                    .col(integer("code_tries"))
                    .col(big_integer("epoch"))
                    .col(blob_null("flow"))
                    .col(string("locale"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .col(big_integer_null("used_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("password_resets_expires_at").table("password_resets").col("expires_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("password_resets").to_owned()).await
    }
}
