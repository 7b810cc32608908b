use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, boolean, string, text, uuid};

/// Passkeys (WebAuthn). `credential` is what `webauthn-rs` keeps of one, as JSON: its public key and counter, nothing secret.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("passkeys")
                    .col(uuid("id").primary_key())
                    .col(uuid("user_id"))
                    .col(blob("credential_id"))
                    .col(string("name"))
                    .col(text("credential"))
                    .col(string("transports"))
                    .col(boolean("backup_eligible"))
                    .col(boolean("backed_up"))
                    .col(boolean("alone"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("last_used_at"))
                    .to_owned(),
            )
            .await?;
        // One credential is of one account (WebAuthn §7.1 step 26).
        let unique = Index::create().name("passkeys_credential_id").table("passkeys").col("credential_id").unique().to_owned();
        manager.create_index(unique).await?;
        let of_person = Index::create().name("passkeys_user_id").table("passkeys").col("user_id").col("created_at").to_owned();
        manager.create_index(of_person).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("passkeys").to_owned()).await
    }
}
