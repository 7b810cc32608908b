use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, string, text, text_null, uuid};

/// Delegations, under the ids of the codes they came from. No foreign keys here or anywhere: a grant outlives its session's row, and on PostgreSQL
/// every redemption would lock the person's row; what a grant depends on is read together with it instead.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("grants")
                    .col(uuid("id").primary_key())
                    .col(string("client_id"))
                    .col(uuid("user_id"))
                    .col(uuid("session_id"))
                    .col(text("scope"))
                    .col(boolean("offline"))
                    .col(big_integer("auth_time"))
                    .col(text("amr"))
                    .col(text("acr"))
                    .col(text_null("nonce"))
                    .col(big_integer("generation"))
                    .col(big_integer("rotated_at"))
                    .col(big_integer("epoch"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .col(big_integer_null("revoked_at"))
                    .col(text_null("revoked_reason"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("grants_session_id").table("grants").col("session_id").to_owned()).await?;
        // Client first: the same index finds a person's grants with one client and all grants of a client that is removed.
        manager
            .create_index(Index::create().name("grants_client_id_user_id").table("grants").col("client_id").col("user_id").to_owned())
            .await?;
        manager.create_index(Index::create().name("grants_expires_at").table("grants").col("expires_at").to_owned()).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("grants").to_owned()).await
    }
}
