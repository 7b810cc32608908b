//! Scopes beside the standard ones.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _};

use super::entities::scopes::{Column, Entity, Model};
use super::{Conn, Error, Result, TICK};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomScope {
    /// The value applications ask for.
    pub name: String,
    /// What it releases and where, as JSON (`tokens::custom_scope::Definition`).
    pub definition: String,
    /// Declared in a file, as opposed to made by hand.
    pub managed: bool,
    /// Else no application gets it.
    pub enabled: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

pub async fn find(conn: &Conn<'_>, name: &str) -> Result<Option<CustomScope>> {
    Ok(Entity::find_by_id(name.to_owned()).one(conn).await?.map(CustomScope::from))
}

/// All of them, by name: what every replica keeps in memory for a second.
pub async fn list(conn: &Conn<'_>) -> Result<Vec<CustomScope>> {
    Ok(Entity::find().order_by_asc(Column::Name).all(conn).await?.into_iter().map(CustomScope::from).collect())
}

/// # Errors
/// `Conflict` when there is one of this name.
pub async fn insert(conn: &Conn<'_>, scope: &CustomScope) -> Result<()> {
    let row = Model {
        name: scope.name.clone(),
        definition: scope.definition.clone(),
        managed: scope.managed,
        enabled: scope.enabled,
        created_at: scope.created_at.millis(),
        updated_at: scope.updated_at.millis(),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Replaces definition and flags, only while the row was last changed at `seen`.
///
/// # Errors
/// `Conflict` when the row has changed since, or is gone.
pub async fn update_seen(conn: &Conn<'_>, scope: &CustomScope, seen: Timestamp) -> Result<()> {
    let changed = Entity::update_many()
        .col_expr(Column::Definition, Expr::value(scope.definition.clone()))
        .col_expr(Column::Managed, Expr::value(scope.managed))
        .col_expr(Column::Enabled, Expr::value(scope.enabled))
        .col_expr(Column::UpdatedAt, Expr::value(scope.updated_at.max(seen.plus(TICK)).millis()))
        .filter(Column::Name.eq(scope.name.as_str()))
        .filter(Column::UpdatedAt.eq(seen.millis()))
        .exec(conn)
        .await?;
    if changed.rows_affected == 0 { Err(Error::Conflict) } else { Ok(()) }
}

/// Whether there was one. Whoever was granted it loses it: a scope nobody knows is in no token.
pub async fn remove(conn: &Conn<'_>, name: &str) -> Result<bool> {
    Ok(Entity::delete_by_id(name.to_owned()).exec(conn).await?.rows_affected > 0)
}

impl From<Model> for CustomScope {
    fn from(row: Model) -> Self {
        Self {
            name: row.name,
            definition: row.definition,
            managed: row.managed,
            enabled: row.enabled,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    #[tokio::test]
    async fn a_scope_is_kept_changed_and_removed() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let roles = CustomScope {
                name: "roles".to_owned(),
                definition: "{}".to_owned(),
                managed: false,
                enabled: true,
                created_at: NOW,
                updated_at: NOW,
            };
            let add = || {
                let row = roles.clone();
                store.write(move |conn| {
                    let row = row.clone();
                    Box::pin(async move { insert(conn, &row).await })
                })
            };
            add().await.unwrap();
            assert!(matches!(add().await, Err(Error::Conflict)));
            assert_eq!(find(&store.read(), "roles").await.unwrap(), Some(roles.clone()));
            assert!(find(&store.read(), "ROLES").await.unwrap().is_none());
            for (seen, fits) in [(NOW, true), (NOW, false)] {
                let changed = CustomScope { definition: "{\"in\":[]}".to_owned(), enabled: false, ..roles.clone() };
                let outcome = store
                    .write(move |conn| {
                        let changed = changed.clone();
                        Box::pin(async move { update_seen(conn, &changed, seen).await })
                    })
                    .await;
                assert_eq!(outcome.is_ok(), fits);
            }
            let listed = list(&store.read()).await.unwrap();
            assert_eq!(listed.iter().map(|scope| (scope.name.as_str(), scope.enabled)).collect::<Vec<_>>(), [("roles", false)]);
            assert!(listed[0].updated_at > NOW);
            assert!(store.write(|conn| Box::pin(remove(conn, "roles"))).await.unwrap());
            assert!(!store.write(|conn| Box::pin(remove(conn, "roles"))).await.unwrap());
        }
    }
}
