use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text_null};

/// What a directory of declared state manages, and how far each of it has come.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let objects = Table::create()
            .table("declared_objects")
            .col(string("kind"))
            .col(string("id"))
            .col(string("source"))
            .col(string("state"))
            .col(text_null("reason"))
            .col(big_integer("since"))
            .col(string("digest"))
            .primary_key(Index::create().col("kind").col("id"))
            .to_owned();
        manager.create_table(objects).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("declared_objects").to_owned()).await
    }
}
