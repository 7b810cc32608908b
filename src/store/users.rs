//! People.

use std::collections::HashMap;

use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    UpdateMany,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entities::users::{Column, Entity, Model};
use super::suspensions::active;
use super::{Conn, Error, Result, TICK};
use crate::clock::Timestamp;

/// What a person's profile says, by the claim names of OpenID Connect Core §5.1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// OpenID Connect Core §5.1.1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what is known of a person combines freely")]
pub struct User {
    /// Random and never used again: the `sub` of every token.
    pub id: Uuid,
    /// Canonical (`account::email`): the unique key people sign in with.
    pub email: String,
    pub email_verified: bool,
    pub profile: Profile,
    /// A PHC string. `None`: cannot sign in with a password.
    pub password_hash: Option<String>,
    pub enabled: bool,
    /// Every organisation they belong to is disabled. Only `suspensions` writes it.
    pub suspended: bool,
    /// May administer this service.
    pub administrator: bool,
    /// Rises when credentials change or an administrator ends everything: sessions and grants of an older epoch are dead.
    pub auth_epoch: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_sign_in_at: Option<Timestamp>,
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<User>> {
    Entity::find_by_id(id).one(conn).await?.map(User::try_from).transpose()
}

/// `email` in its canonical form.
pub async fn find_by_email(conn: &Conn<'_>, email: &str) -> Result<Option<User>> {
    Entity::find().filter(Column::Email.eq(email)).one(conn).await?.map(User::try_from).transpose()
}

pub async fn list(conn: &Conn<'_>) -> Result<Vec<User>> {
    Entity::find().order_by_asc(Column::Email).all(conn).await?.into_iter().map(User::try_from).collect()
}

/// Those of the ids that exist, in the order given.
pub async fn list_by_ids(conn: &Conn<'_>, ids: &[Uuid]) -> Result<Vec<User>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(conn).await?;
    let mut by_id = rows.into_iter().map(|row| (row.id, row)).collect::<HashMap<_, _>>();
    ids.iter().filter_map(|id| by_id.remove(id)).map(User::try_from).collect()
}

/// Whether anybody may administer this service yet.
pub async fn any_administrator(conn: &Conn<'_>) -> Result<bool> {
    let one = Entity::find().select_only().column(Column::Id).filter(Expr::col(Column::Administrator)).limit(1);
    Ok(one.into_tuple::<Uuid>().one(conn).await?.is_some())
}

/// Those who may administer this service and can.
pub async fn list_administrators(conn: &Conn<'_>) -> Result<Vec<User>> {
    let administrators = Entity::find().filter(Expr::col(Column::Administrator)).filter(active());
    administrators.all(conn).await?.into_iter().map(User::try_from).collect()
}

/// # Errors
/// `Conflict` when the address is taken.
pub async fn insert(conn: &Conn<'_>, user: &User) -> Result<()> {
    Entity::insert(Model::try_from(user)?.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Replaces e-mail, profile, flags (but `suspended`), hash and epoch.
pub async fn update(conn: &Conn<'_>, user: &User) -> Result<()> {
    one_changed(replacement(user)?.exec(conn).await?.rows_affected)
}

/// As [`update`], only while the row was last changed at `seen`: what was decided from an older row must not undo what somebody else wrote
/// meanwhile. `updated_at` moves forward even within one millisecond.
///
/// # Errors
/// `Conflict` when the row has changed since, or is gone.
pub async fn update_seen(conn: &Conn<'_>, user: &User, seen: Timestamp) -> Result<()> {
    let user = User { updated_at: user.updated_at.max(seen.plus(TICK)), ..user.clone() };
    let changed = replacement(&user)?.filter(Column::UpdatedAt.eq(seen.millis())).exec(conn).await?.rows_affected;
    if changed == 0 { Err(Error::Conflict) } else { Ok(()) }
}

fn replacement(user: &User) -> Result<UpdateMany<Entity>> {
    let mut row = Model::try_from(user)?.into_active_model().reset_all();
    (row.id, row.suspended, row.created_at, row.last_sign_in_at) = (NotSet, NotSet, NotSet, NotSet);
    Ok(Entity::update_many().set(row).filter(Column::Id.eq(user.id)))
}

/// Sets the hash and raises the epoch: every session and grant made before is dead.
pub async fn update_password(conn: &Conn<'_>, id: Uuid, password_hash: &str, now: Timestamp) -> Result<()> {
    let changed = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(password_hash))
        .col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(1))
        .col_expr(Column::UpdatedAt, forward(now))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    one_changed(changed.rows_affected)
}

/// Raises the epoch: every session and grant made before is dead. The new epoch.
pub async fn update_epoch(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<i64> {
    let changed = Entity::update_many()
        .col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(1))
        .col_expr(Column::UpdatedAt, forward(now))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    one_changed(changed.rows_affected)?;
    epoch(conn, id).await
}

/// As [`update_epoch`], only while the epoch is `from`: what was decided from older credentials must not survive their change. `None`: it is another.
pub async fn update_epoch_seen(conn: &Conn<'_>, id: Uuid, from: i64, now: Timestamp) -> Result<Option<i64>> {
    let to = from.saturating_add(1);
    let changed = Entity::update_many()
        .col_expr(Column::AuthEpoch, Expr::value(to))
        .col_expr(Column::UpdatedAt, forward(now))
        .filter(Column::Id.eq(id))
        .filter(Column::AuthEpoch.eq(from))
        .exec(conn)
        .await?;
    Ok((changed.rows_affected > 0).then_some(to))
}

/// Takes the password away and raises the epoch, which is answered: until another is set nobody signs in with one, and what was begun is over.
pub async fn revoke_password(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<i64> {
    let changed = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(None::<String>))
        .col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(1))
        .col_expr(Column::UpdatedAt, forward(now))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    one_changed(changed.rows_affected)?;
    epoch(conn, id).await
}

async fn epoch(conn: &Conn<'_>, id: Uuid) -> Result<i64> {
    let epoch = Entity::find_by_id(id).select_only().column(Column::AuthEpoch).into_tuple().one(conn).await?;
    epoch.ok_or(Error::NotFound("user"))
}

/// `now`, or just after the last change when that was not before: two changes never have the same time.
pub(super) fn forward(now: Timestamp) -> Expr {
    let last = || Expr::col(Column::UpdatedAt);
    Expr::case(last().gte(now.millis()), last().add(1)).finally(now.millis()).into()
}

/// Replaces the hash of an unchanged password (stronger parameters), only while it is still `old_hash`. The epoch stays.
pub async fn update_password_hash(conn: &Conn<'_>, id: Uuid, old_hash: &str, new_hash: &str) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(new_hash))
        .filter(Column::Id.eq(id))
        .filter(Column::PasswordHash.eq(old_hash))
        .exec(conn)
        .await?;
    Ok(changed.rows_affected > 0)
}

pub async fn update_last_sign_in(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    let signed_in = Entity::update_many().col_expr(Column::LastSignInAt, Expr::value(now.millis())).filter(Column::Id.eq(id));
    one_changed(signed_in.exec(conn).await?.rows_affected)
}

fn one_changed(rows: u64) -> Result<()> {
    if rows == 0 { Err(Error::NotFound("user")) } else { Ok(()) }
}

impl TryFrom<&User> for Model {
    type Error = Error;

    fn try_from(user: &User) -> Result<Self> {
        Ok(Self {
            id: user.id,
            email: user.email.clone(),
            email_verified: user.email_verified,
            profile: serde_json::to_string(&user.profile).map_err(inconsistent)?,
            password_hash: user.password_hash.clone(),
            enabled: user.enabled,
            suspended: user.suspended,
            administrator: user.administrator,
            auth_epoch: user.auth_epoch,
            created_at: user.created_at.millis(),
            updated_at: user.updated_at.millis(),
            last_sign_in_at: user.last_sign_in_at.map(Timestamp::millis),
        })
    }
}

impl TryFrom<Model> for User {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            email: row.email,
            email_verified: row.email_verified,
            profile: serde_json::from_str(&row.profile).map_err(inconsistent)?,
            password_hash: row.password_hash,
            enabled: row.enabled,
            suspended: row.suspended,
            administrator: row.administrator,
            auth_epoch: row.auth_epoch,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            last_sign_in_at: row.last_sign_in_at.map(Timestamp::from_millis),
        })
    }
}

fn inconsistent(detail: impl std::fmt::Display) -> Error {
    Error::inconsistent("users", detail)
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase, user};
    use super::*;

    async fn add(store: &Store, user: &User) -> Result<()> {
        let user = user.clone();
        store
            .write(move |conn| {
                let user = user.clone();
                Box::pin(async move { insert(conn, &user).await })
            })
            .await
    }

    #[tokio::test]
    async fn a_person_comes_back_as_she_was_put_in() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let address = Address { country: Some("PT".to_owned()), ..Address::default() };
            let profile = Profile { phone_number_verified: Some(false), address: Some(address), ..Profile::default() };
            let ada = User { profile, administrator: true, ..user("ada@example.org") };
            add(&store, &ada).await.unwrap();
            let found = find_by_email(&store.read(), "ada@example.org").await.unwrap().unwrap();
            assert_eq!(format!("{found:?}"), format!("{ada:?}"));
            assert!(find_by_email(&store.read(), "ADA@example.org").await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn an_address_belongs_to_one_person() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            add(&store, &user("ada@example.org")).await.unwrap();
            assert!(matches!(add(&store, &user("ada@example.org")).await, Err(Error::Conflict)));
        }
    }

    #[tokio::test]
    async fn a_new_password_raises_the_epoch_and_a_stronger_hash_does_not() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let ada = user("ada@example.org");
            let id = ada.id;
            add(&store, &ada).await.unwrap();
            store.write(move |conn| Box::pin(update_password(conn, id, "new", NOW))).await.unwrap();
            assert!(store.write_one(move |conn| Box::pin(update_password_hash(conn, id, "new", "stronger"))).await.unwrap());
            assert!(!store.write_one(move |conn| Box::pin(update_password_hash(conn, id, "new", "lost"))).await.unwrap());
            store.write(move |conn| Box::pin(update_last_sign_in(conn, id, NOW))).await.unwrap();
            let ada_now = find(&store.read(), id).await.unwrap().unwrap();
            assert_eq!((ada_now.auth_epoch, ada_now.password_hash.as_deref()), (ada.auth_epoch + 1, Some("stronger")));
            assert_eq!(ada_now.last_sign_in_at, Some(NOW));
            let nobody = store.write(|conn| Box::pin(update_password(conn, Uuid::nil(), "new", NOW))).await;
            assert!(matches!(nobody, Err(Error::NotFound("user"))));
        }
    }

    #[tokio::test]
    async fn what_was_decided_from_an_older_row_is_not_written() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let ada = user("ada@example.org");
            let id = ada.id;
            add(&store, &ada).await.unwrap();
            // In the very millisecond of the row's last change.
            store.write(move |conn| Box::pin(update_password(conn, id, "emergency", NOW))).await.unwrap();
            let attempt = |seen: Timestamp| {
                let planned = User { password_hash: Some("planned".to_owned()), ..ada.clone() };
                store.write(move |conn| {
                    let planned = planned.clone();
                    Box::pin(async move { update_seen(conn, &planned, seen).await })
                })
            };
            assert!(matches!(attempt(NOW).await, Err(Error::Conflict)));
            let now = find(&store.read(), id).await.unwrap().unwrap();
            assert_eq!(now.password_hash.as_deref(), Some("emergency"));
            attempt(now.updated_at).await.unwrap();
            assert!(find(&store.read(), id).await.unwrap().unwrap().updated_at > now.updated_at);
            assert!(matches!(attempt(now.updated_at).await, Err(Error::Conflict)));
        }
    }

    #[tokio::test]
    async fn people_are_listed_in_the_order_asked_for() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let people = [user("c@example.org"), user("a@example.org"), user("b@example.org")];
            for person in &people {
                add(&store, person).await.unwrap();
            }
            let ids = [people[2].id, Uuid::nil(), people[0].id];
            let found = list_by_ids(&store.read(), &ids).await.unwrap();
            assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [people[2].id, people[0].id]);
            let all = list(&store.read()).await.unwrap();
            assert_eq!(all.iter().map(|user| &*user.email).collect::<Vec<_>>(), ["a@example.org", "b@example.org", "c@example.org"]);
        }
    }

    #[tokio::test]
    async fn the_first_administrator_is_noticed() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            add(&store, &user("ada@example.org")).await.unwrap();
            assert!(!any_administrator(&store.read()).await.unwrap());
            add(&store, &User { administrator: true, ..user("root@example.org") }).await.unwrap();
            assert!(any_administrator(&store.read()).await.unwrap());
        }
    }
}
