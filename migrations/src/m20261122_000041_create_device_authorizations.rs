use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, string, string_null, text, text_null, uuid, uuid_null};

/// What devices without a browser asked for, and what a person answered. The release before knows none of them.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("device_authorizations")
            .col(uuid("id").primary_key())
            .col(blob("device_code_digest").unique_key())
            .col(blob("user_code_digest").unique_key())
            .col(string("client_id"))
            .col(text("scope"))
            .col(string_null("address"))
            .col(big_integer("poll_interval"))
            .col(big_integer_null("polled_at"))
            .col(string("state"))
            .col(uuid_null("user_id"))
            .col(uuid_null("session_id"))
            .col(big_integer_null("auth_time"))
            .col(text_null("amr"))
            .col(text_null("acr"))
            .col(big_integer_null("epoch"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .to_owned();
        manager.create_table(table).await?;
        for column in ["expires_at", "client_id", "user_id"] {
            let index =
                Index::create().name(format!("device_authorizations_{column}")).table("device_authorizations").col(column).to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("device_authorizations").to_owned()).await
    }
}
