use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, string, text_null, uuid, uuid_null};

/// The outbox of mail. `content` is sealed: recipient, language, message.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("mails")
                    .col(uuid("id").primary_key())
                    .col(uuid_null("user_id"))
                    .col(string("kind"))
                    .col(blob("content"))
                    .col(string("state"))
                    .col(integer("attempts"))
                    .col(big_integer("next_attempt_at"))
                    .col(text_null("last_error"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("mails_due").table("mails").col("state").col("next_attempt_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("mails").to_owned()).await
    }
}
