use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, string_null, text, uuid, uuid_null};

/// Security events, append-only. Read newest first by the id, which is ordered by time.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit_events")
                    .col(uuid("id").primary_key())
                    .col(big_integer("at"))
                    .col(string("kind"))
                    .col(uuid_null("user_id"))
                    .col(string_null("client_id"))
                    .col(uuid_null("session_id"))
                    .col(uuid_null("grant_id"))
                    .col(string_null("address"))
                    .col(string_null("request_id"))
                    .col(text("detail"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("audit_events").to_owned()).await
    }
}
