use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, blob_null, integer, text_null, uuid};

/// Sign-ins that wait for their second factor, and how often each person's second factor was tried.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("pending_sign_ins")
                    .col(uuid("id").primary_key())
                    .col(uuid("user_id"))
                    .col(blob("digest"))
                    .col(big_integer("password_at"))
                    .col(big_integer("epoch"))
                    .col(integer("failures"))
                    .col(blob_null("code"))
                    .col(big_integer_null("code_sent_at"))
                    .col(text_null("leads_to"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("pending_sign_ins_digest").table("pending_sign_ins").col("digest").unique().to_owned())
            .await?;
        manager
            .create_index(Index::create().name("pending_sign_ins_expires_at").table("pending_sign_ins").col("expires_at").to_owned())
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("factor_attempts")
                    .col(uuid("user_id").primary_key())
                    .col(integer("failures"))
                    .col(integer("window_failures"))
                    .col(big_integer("window_started_at"))
                    .col(big_integer("blocked_until"))
                    .col(integer("sends"))
                    .col(big_integer("sends_since"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["factor_attempts", "pending_sign_ins"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
