//! Who belongs to which organisation, and administers it.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::entities::memberships::{Column, Entity, Model};
use super::entities::{organizations, users};
use super::organizations::Organization;
use super::suspensions::active;
use super::users::User;
use super::{Conn, Error, Result, suspensions};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub organization_id: String,
    pub user_id: Uuid,
    /// Is told when something is wrong with a member's account.
    pub administrator: bool,
    pub created_at: Timestamp,
}

/// A person's, each with its organisation, in one read, by the organisation's id.
pub async fn list_by_user(conn: &Conn<'_>, user_id: Uuid) -> Result<Vec<(Membership, Organization)>> {
    let rows = Entity::find().find_both_related(organizations::Entity).filter(Column::UserId.eq(user_id)).all(conn).await?;
    let mut found: Vec<_> = rows.into_iter().map(|(row, of)| (Membership::from(row), Organization::from(of))).collect();
    found.sort_by(|(a, _), (b, _)| a.organization_id.cmp(&b.organization_id));
    Ok(found)
}

/// An organisation's, each with its person, in one read, by their address.
pub async fn list_by_organization(conn: &Conn<'_>, organization_id: &str) -> Result<Vec<(Membership, User)>> {
    let rows = Entity::find()
        .find_both_related(users::Entity)
        .filter(Column::OrganizationId.eq(organization_id))
        .order_by_asc(users::Column::Email)
        .all(conn)
        .await?;
    rows.into_iter().map(|(row, user)| Ok((Membership::from(row), User::try_from(user)?))).collect()
}

/// Those who administer one of these organisations and can sign in, with its id.
pub async fn list_administrators(conn: &Conn<'_>, organization_ids: &[String]) -> Result<Vec<(String, User)>> {
    if organization_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .find_both_related(users::Entity)
        .filter(Column::OrganizationId.is_in(organization_ids.iter().map(String::as_str)))
        .filter(Column::Administrator.eq(true))
        .filter(active())
        .all(conn)
        .await?;
    rows.into_iter().map(|(row, user)| Ok((row.organization_id, User::try_from(user)?))).collect()
}

/// Makes somebody a member, or changes whether they administer. Suspends or restores them.
pub async fn update(conn: &Conn<'_>, membership: &Membership) -> Result<()> {
    suspensions::lock(conn).await?;
    let row = Model {
        organization_id: membership.organization_id.clone(),
        user_id: membership.user_id,
        administrator: membership.administrator,
        created_at: membership.created_at.millis(),
    };
    let again = OnConflict::columns([Column::OrganizationId, Column::UserId]).update_column(Column::Administrator).to_owned();
    Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(conn).await?;
    suspensions::settle_user(conn, membership.user_id, membership.created_at).await
}

/// Makes somebody a member who was none (`before`: `None`), or changes whether they administer, while that is as it was. The caller settles
/// (`suspensions`) in the same transaction.
///
/// # Errors
/// `Conflict` when the membership is no longer what it was.
pub async fn update_seen(conn: &Conn<'_>, membership: &Membership, before: Option<bool>) -> Result<()> {
    let Some(before) = before else {
        let row = Model {
            organization_id: membership.organization_id.clone(),
            user_id: membership.user_id,
            administrator: membership.administrator,
            created_at: membership.created_at.millis(),
        };
        Entity::insert(row.into_active_model()).exec_without_returning(conn).await?;
        return Ok(());
    };
    let changed = Entity::update_many()
        .col_expr(Column::Administrator, Expr::value(membership.administrator))
        .filter(Column::OrganizationId.eq(membership.organization_id.as_str()))
        .filter(Column::UserId.eq(membership.user_id))
        .filter(Column::Administrator.eq(before))
        .exec(conn)
        .await?;
    if changed.rows_affected == 0 { Err(Error::Conflict) } else { Ok(()) }
}

/// Ends a membership, while it is as it was. The caller settles (`suspensions`) in the same transaction.
///
/// # Errors
/// `Conflict` when it is not.
pub async fn revoke_seen(conn: &Conn<'_>, organization_id: &str, user_id: Uuid, before: bool) -> Result<()> {
    let gone = Entity::delete_many()
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Administrator.eq(before))
        .exec(conn)
        .await?;
    if gone.rows_affected == 0 { Err(Error::Conflict) } else { Ok(()) }
}

/// Whether they belonged to it. Suspends or restores them.
pub async fn revoke(conn: &Conn<'_>, organization_id: &str, user_id: Uuid, now: Timestamp) -> Result<bool> {
    suspensions::lock(conn).await?;
    let gone =
        Entity::delete_many().filter(Column::OrganizationId.eq(organization_id)).filter(Column::UserId.eq(user_id)).exec(conn).await?;
    suspensions::settle_user(conn, user_id, now).await?;
    Ok(gone.rows_affected > 0)
}

impl From<Model> for Membership {
    fn from(row: Model) -> Self {
        Self {
            organization_id: row.organization_id,
            user_id: row.user_id,
            administrator: row.administrator,
            created_at: Timestamp::from_millis(row.created_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase, organization, user};
    use super::super::{Store, organizations, people, users};
    use super::*;

    fn membership(organization_id: &str, user: &User, administrator: bool) -> Membership {
        Membership { organization_id: organization_id.to_owned(), user_id: user.id, administrator, created_at: NOW }
    }

    async fn join(store: &Store, membership: Membership) {
        store
            .write(move |conn| {
                let membership = membership.clone();
                Box::pin(async move { update(conn, &membership).await })
            })
            .await
            .unwrap();
    }

    async fn two_organizations(store: &Store) -> (User, User) {
        let (ada, bob) = (user("ada@example.org"), User { enabled: false, ..user("bob@example.org") });
        let people = [ada.clone(), bob.clone()];
        store
            .write(move |conn| {
                let people = people.clone();
                Box::pin(async move {
                    for person in &people {
                        users::insert(conn, person).await?;
                    }
                    for id in ["acme", "bolt"] {
                        organizations::insert(conn, &organization(id)).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
        (ada, bob)
    }

    #[tokio::test]
    async fn people_belong_and_administer() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (ada, bob) = two_organizations(&store).await;
            join(&store, membership("bolt", &ada, false)).await;
            join(&store, membership("acme", &ada, false)).await;
            join(&store, membership("acme", &ada, true)).await;
            join(&store, membership("acme", &bob, true)).await;
            let before = store.statement_counts();
            let hers = list_by_user(&store.read(), ada.id).await.unwrap();
            assert_eq!(store.statement_counts(), (before.0 + 1, before.1));
            let names: Vec<_> = hers.iter().map(|(row, of)| (row.administrator, of.id.as_str())).collect();
            assert_eq!(names, [(true, "acme"), (false, "bolt")]);
            let people = list_by_organization(&store.read(), "acme").await.unwrap();
            assert_eq!(people.iter().map(|(_, user)| user.email.as_str()).collect::<Vec<_>>(), ["ada@example.org", "bob@example.org"]);
            let both = ["acme".to_owned(), "bolt".to_owned()];
            let administrators = list_administrators(&store.read(), &both).await.unwrap();
            assert_eq!(administrators.iter().map(|(id, user)| (id.as_str(), user.id)).collect::<Vec<_>>(), [("acme", ada.id)]);
            assert!(list_administrators(&store.read(), &[]).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn who_leaves_belongs_to_nothing_and_what_is_removed_has_nobody() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (ada, bob) = two_organizations(&store).await;
            for person in [&ada, &bob] {
                join(&store, membership("acme", person, false)).await;
                join(&store, membership("bolt", person, false)).await;
            }
            let id = ada.id;
            assert!(store.write(move |conn| Box::pin(revoke(conn, "acme", id, NOW))).await.unwrap());
            assert!(!store.write(move |conn| Box::pin(revoke(conn, "acme", id, NOW))).await.unwrap());
            store.write(move |conn| Box::pin(people::purge(conn, id))).await.unwrap();
            assert!(list_by_user(&store.read(), id).await.unwrap().is_empty());
            store.write(|conn| Box::pin(organizations::remove(conn, "bolt", NOW))).await.unwrap();
            assert_eq!(list_by_user(&store.read(), bob.id).await.unwrap().len(), 1);
        }
    }
}
