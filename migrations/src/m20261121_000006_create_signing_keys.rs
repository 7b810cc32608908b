use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, string, text, uuid};

/// Signing keys; the private half is sealed.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("signing_keys")
                    .col(uuid("id").primary_key())
                    .col(string("kid"))
                    .col(string("algorithm"))
                    .col(text("public_jwk"))
                    .col(blob("sealed_private_key"))
                    .col(big_integer("created_at"))
                    .col(big_integer("active_at"))
                    .col(big_integer_null("retires_at"))
                    .col(big_integer_null("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("signing_keys_kid").table("signing_keys").col("kid").unique().to_owned()).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("signing_keys").to_owned()).await
    }
}
