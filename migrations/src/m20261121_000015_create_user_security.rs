use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, boolean_null, uuid};

/// What a person's account security is set to, beside the users table, which every request reads. No row: everything as it is by default.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("user_security")
                    .col(uuid("user_id").primary_key())
                    .col(boolean_null("email_codes"))
                    .col(big_integer_null("frozen_at"))
                    .col(big_integer_null("delete_at"))
                    .col(big_integer_null("password_changed_at"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("user_security").to_owned()).await
    }
}
