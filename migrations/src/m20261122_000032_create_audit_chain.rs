use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, blob_null, string, text, uuid_uniq};

/// The audit chain: a seal per event, a batch of seals with its signed checkpoint, and the public keys the checkpoints were signed with.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let seals = Table::create()
            .table("audit_seals")
            .col(big_integer("sequence").primary_key())
            .col(uuid_uniq("event_id"))
            .col(blob_null("salt"))
            .col(blob("personal"))
            .col(blob("leaf"))
            .to_owned();
        manager.create_table(seals).await?;
        let batches = Table::create()
            .table("audit_batches")
            .col(big_integer("number").primary_key())
            .col(big_integer("first_sequence"))
            .col(big_integer("last_sequence"))
            .col(big_integer("newest_at"))
            .col(blob("previous"))
            .col(blob("hash"))
            .col(text("checkpoint"))
            .col(big_integer("sealed_at"))
            .col(big_integer_null("removed_at"))
            .to_owned();
        manager.create_table(batches).await?;
        let kept = Index::create().name("audit_batches_removed_at").table("audit_batches").col("removed_at").col("number").to_owned();
        manager.create_index(kept).await?;
        manager.create_table(Table::create().table("audit_keys").col(string("kid").primary_key()).col(text("public_jwk")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["audit_keys", "audit_batches", "audit_seals"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
