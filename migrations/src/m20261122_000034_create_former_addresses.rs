use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, uuid};

/// The address an account had until a short while ago, which may take it back; and when its person left, while a deletion waits.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("former_addresses")
                    .col(uuid("user_id").primary_key())
                    .col(string("email"))
                    .col(big_integer("until"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("former_addresses_until").table("former_addresses").col("until").to_owned()).await?;
        manager.alter_table(Table::alter().table("user_security").add_column(big_integer_null("left_at")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("user_security").drop_column("left_at").to_owned()).await?;
        manager.drop_table(Table::drop().table("former_addresses").to_owned()).await
    }
}
