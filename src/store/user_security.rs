//! What a person's account security is set to. No row: everything as it is by default.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use super::entities::user_security::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// "Receive one-time password via email", as the person set it; none: as the policy has it.
    pub email_codes: Option<bool>,
    /// Credential changes are frozen since then ("This wasn't me"); a password reset by mail unfreezes.
    pub frozen_at: Option<Timestamp>,
    /// The account is to be deleted then, unless its person thinks better of it.
    pub delete_at: Option<Timestamp>,
    pub password_changed_at: Option<Timestamp>,
    /// As which version of the account (`updated_at`) it was left when the deletion was asked for: whatever an operator has decided since comes first.
    pub left_at: Option<Timestamp>,
}

pub async fn find(conn: &Conn<'_>, user_id: Uuid) -> Result<Security> {
    let row = Entity::find_by_id(user_id).one(conn).await?;
    Ok(row.map(Security::from).unwrap_or_default())
}

/// Writes what differs from `before`, and that alone: what somebody else changes in the same moment, such as a freeze, is left as they made it.
pub async fn update(conn: &Conn<'_>, user_id: Uuid, before: &Security, security: &Security) -> Result<()> {
    let columns = changed(before, security);
    if columns.is_empty() {
        return Ok(());
    }
    let row = Model {
        user_id,
        email_codes: security.email_codes,
        frozen_at: security.frozen_at.map(Timestamp::millis),
        delete_at: security.delete_at.map(Timestamp::millis),
        password_changed_at: security.password_changed_at.map(Timestamp::millis),
        left_at: security.left_at.map(Timestamp::millis),
    };
    let again = OnConflict::column(Column::UserId).update_columns(columns).to_owned();
    Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(conn).await?;
    Ok(())
}

/// People whose account is to be deleted by now, at most `limit`.
pub async fn list_to_delete(conn: &Conn<'_>, now: Timestamp, limit: u64) -> Result<Vec<Uuid>> {
    let due = Entity::find().select_only().column(Column::UserId).filter(Column::DeleteAt.lte(now.millis())).limit(limit);
    Ok(due.into_tuple().all(conn).await?)
}

fn changed(before: &Security, after: &Security) -> Vec<Column> {
    let all = [
        (Column::EmailCodes, before.email_codes != after.email_codes),
        (Column::FrozenAt, before.frozen_at != after.frozen_at),
        (Column::DeleteAt, before.delete_at != after.delete_at),
        (Column::PasswordChangedAt, before.password_changed_at != after.password_changed_at),
        (Column::LeftAt, before.left_at != after.left_at),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column).collect()
}

impl From<Model> for Security {
    fn from(row: Model) -> Self {
        Self {
            email_codes: row.email_codes,
            frozen_at: row.frozen_at.map(Timestamp::from_millis),
            delete_at: row.delete_at.map(Timestamp::from_millis),
            password_changed_at: row.password_changed_at.map(Timestamp::from_millis),
            left_at: row.left_at.map(Timestamp::from_millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    #[tokio::test]
    async fn what_was_set_is_found_and_the_rest_is_by_default() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (ada, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
            for security in [
                Security { email_codes: Some(true), ..Security::default() },
                Security {
                    email_codes: Some(false),
                    frozen_at: Some(NOW),
                    delete_at: Some(NOW),
                    password_changed_at: Some(NOW),
                    left_at: Some(NOW),
                },
                Security::default(),
            ] {
                let before = find(&store.read(), ada).await.unwrap();
                store.write(move |conn| Box::pin(async move { update(conn, ada, &before, &security).await })).await.unwrap();
                assert_eq!(find(&store.read(), ada).await.unwrap(), security);
            }
            assert_eq!(find(&store.read(), bob).await.unwrap(), Security::default());
        }
    }

    #[tokio::test]
    async fn a_change_leaves_alone_what_somebody_else_changed_in_the_same_moment() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (ada, before) = (Uuid::from_u128(1), Security::default());
            let frozen = Security { frozen_at: Some(NOW), ..before };
            let codes = Security { email_codes: Some(true), ..before };
            for change in [frozen, codes] {
                store.write(move |conn| Box::pin(async move { update(conn, ada, &before, &change).await })).await.unwrap();
            }
            assert_eq!(find(&store.read(), ada).await.unwrap(), Security { email_codes: Some(true), ..frozen });
        }
    }
}
