//! Organisations.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _};

use super::entities::memberships;
use super::entities::organizations::{Column, Entity, Model};
use super::{Conn, Error, Result, TICK, suspensions};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// A short name in lower case, such as `acme`: how files and commands name it.
    pub id: String,
    /// What people read.
    pub name: String,
    /// What it asks of its people, as JSON (`organization::Rules`).
    pub policy: String,
    /// Declared in a file, as opposed to made by hand.
    pub managed: bool,
    /// Else its people cannot sign in, unless they belong to another that is.
    pub enabled: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

pub async fn find(conn: &Conn<'_>, id: &str) -> Result<Option<Organization>> {
    Ok(Entity::find_by_id(id.to_owned()).one(conn).await?.map(Organization::from))
}

pub async fn list(conn: &Conn<'_>) -> Result<Vec<Organization>> {
    Ok(Entity::find().order_by_asc(Column::Id).all(conn).await?.into_iter().map(Organization::from).collect())
}

/// # Errors
/// `Conflict` when there is one with this id.
pub async fn insert(conn: &Conn<'_>, organization: &Organization) -> Result<()> {
    let row = Model {
        id: organization.id.clone(),
        name: organization.name.clone(),
        policy: organization.policy.clone(),
        managed: organization.managed,
        enabled: organization.enabled,
        created_at: organization.created_at.millis(),
        updated_at: organization.updated_at.millis(),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Replaces name, policy and flags, only while the row was last changed at `seen`. When it is disabled or enabled by this, the caller settles
/// (`suspensions`) in the same transaction.
///
/// # Errors
/// `Conflict` when the row has changed since, or is gone.
pub async fn update_seen(conn: &Conn<'_>, organization: &Organization, seen: Timestamp) -> Result<()> {
    let changed = Entity::update_many()
        .col_expr(Column::Name, Expr::value(organization.name.clone()))
        .col_expr(Column::Policy, Expr::value(organization.policy.clone()))
        .col_expr(Column::Managed, Expr::value(organization.managed))
        .col_expr(Column::Enabled, Expr::value(organization.enabled))
        .col_expr(Column::UpdatedAt, Expr::value(organization.updated_at.max(seen.plus(TICK)).millis()))
        .filter(Column::Id.eq(organization.id.as_str()))
        .filter(Column::UpdatedAt.eq(seen.millis()))
        .exec(conn)
        .await?;
    if changed.rows_affected == 0 { Err(Error::Conflict) } else { Ok(()) }
}

/// Disables or enables it, and suspends or restores its people. Whether it was otherwise.
pub async fn update_enabled(conn: &Conn<'_>, id: &str, enabled: bool, now: Timestamp) -> Result<bool> {
    suspensions::lock(conn).await?;
    let last = || Expr::col(Column::UpdatedAt);
    let changed = Entity::update_many()
        .col_expr(Column::Enabled, Expr::value(enabled))
        .col_expr(Column::UpdatedAt, Expr::case(last().gte(now.millis()), last().add(1)).finally(now.millis()).into())
        .filter(Column::Id.eq(id))
        .filter(Column::Enabled.eq(!enabled))
        .exec(conn)
        .await?;
    suspensions::settle_organization(conn, id, now).await?;
    Ok(changed.rows_affected > 0)
}

/// Removes it while it is enabled, and who belonged to it: people of one that is disabled would be let in again. Whether it was there and enabled.
pub async fn remove(conn: &Conn<'_>, id: &str, now: Timestamp) -> Result<bool> {
    suspensions::lock(conn).await?;
    if Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::Enabled.eq(true)).exec(conn).await?.rows_affected == 0 {
        return Ok(false);
    }
    // While it is still known who its people were: who is left with disabled ones alone is suspended.
    suspensions::settle_organization(conn, id, now).await?;
    memberships::Entity::delete_many().filter(memberships::Column::OrganizationId.eq(id)).exec(conn).await?;
    Ok(true)
}

impl From<Model> for Organization {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            policy: row.policy,
            managed: row.managed,
            enabled: row.enabled,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase, organization};
    use super::*;

    #[tokio::test]
    async fn an_organisation_is_kept_changed_and_removed() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let acme = organization("acme");
            let row = acme.clone();
            store
                .write(move |conn| {
                    let row = row.clone();
                    Box::pin(async move { insert(conn, &row).await })
                })
                .await
                .unwrap();
            assert_eq!(find(&store.read(), "acme").await.unwrap(), Some(acme.clone()));
            assert!(find(&store.read(), "other").await.unwrap().is_none());
            for (seen, fits) in [(NOW, true), (NOW, false)] {
                let changed = Organization { name: "Acme Limited".to_owned(), managed: true, ..acme.clone() };
                let outcome = store
                    .write(move |conn| {
                        let changed = changed.clone();
                        Box::pin(async move { update_seen(conn, &changed, seen).await })
                    })
                    .await;
                assert_eq!(outcome.is_ok(), fits);
            }
            assert_eq!(list(&store.read()).await.unwrap()[0].name, "Acme Limited");
            let switch = |enabled| store.write(move |conn| Box::pin(update_enabled(conn, "acme", enabled, NOW)));
            assert_eq!((switch(false).await.unwrap(), switch(false).await.unwrap()), (true, false));
            assert!(!store.write(|conn| Box::pin(remove(conn, "acme", NOW))).await.unwrap(), "not while it is disabled");
            assert!(switch(true).await.unwrap());
            assert!(store.write(|conn| Box::pin(remove(conn, "acme", NOW))).await.unwrap());
            assert!(!store.write(|conn| Box::pin(remove(conn, "acme", NOW))).await.unwrap());
        }
    }
}
