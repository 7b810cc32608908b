use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, text, uuid};

/// Browser sessions. `digest` is of the cookie's value, `amr` separated by spaces.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("sessions")
                    .col(uuid("id").primary_key())
                    .col(uuid("user_id"))
                    .col(blob("digest"))
                    .col(big_integer("created_at"))
                    .col(big_integer("auth_time"))
                    .col(big_integer("last_seen_at"))
                    .col(big_integer("expires_at"))
                    .col(text("amr"))
                    .col(text("acr"))
                    .col(big_integer("epoch"))
                    .col(big_integer_null("ended_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("sessions_digest").table("sessions").col("digest").unique().to_owned()).await?;
        manager.create_index(Index::create().name("sessions_expires_at").table("sessions").col("expires_at").to_owned()).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("sessions").to_owned()).await
    }
}
