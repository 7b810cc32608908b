use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, blob_null, string, text_null, uuid, uuid_null};

/// What a person's second factor is made of: authenticator apps, recovery codes, devices trusted not to be asked. `secret` and `shown` are sealed,
/// the digests are of values that no database holds.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("totp_credentials")
                    .col(uuid("id").primary_key())
                    .col(uuid("user_id"))
                    .col(blob("secret"))
                    .col(string("state"))
                    .col(big_integer("last_step"))
                    .col(uuid_null("bound_to"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("verified_at"))
                    .to_owned(),
            )
            .await?;
        // One in use and one being set up, at most.
        let one_of_each =
            Index::create().name("totp_credentials_state").table("totp_credentials").col("user_id").col("state").unique().to_owned();
        manager.create_index(one_of_each).await?;
        manager
            .create_table(
                Table::create()
                    .table("recovery_codes")
                    .col(uuid("user_id"))
                    .col(blob("digest"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("used_at"))
                    .col(blob_null("shown"))
                    .primary_key(Index::create().col("user_id").col("digest"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("trusted_devices")
                    .col(uuid("id").primary_key())
                    .col(uuid("user_id"))
                    .col(blob("digest"))
                    .col(big_integer("epoch"))
                    .col(text_null("device"))
                    .col(text_null("address"))
                    .col(big_integer("created_at"))
                    .col(big_integer("last_used_at"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("trusted_devices_digest").table("trusted_devices").col("digest").unique().to_owned())
            .await?;
        manager.create_index(Index::create().name("trusted_devices_user_id").table("trusted_devices").col("user_id").to_owned()).await?;
        manager.create_index(Index::create().name("trusted_devices_expires_at").table("trusted_devices").col("expires_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["trusted_devices", "recovery_codes", "totp_credentials"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
