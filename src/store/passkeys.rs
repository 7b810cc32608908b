//! Passkeys: any number for each person, each credential of one person only.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::entities::passkeys::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    pub id: Uuid,
    pub user_id: Uuid,
    /// The authenticator's name for it, unique among all accounts.
    pub credential_id: Vec<u8>,
    /// The person's name for it.
    pub name: String,
    /// Public key and counter, as `mfa::passkey` writes them.
    pub credential: String,
    /// How browsers reach its authenticator (WebAuthn §5.8.4).
    pub transports: Vec<String>,
    /// It may be copied to other devices.
    pub backup_eligible: bool,
    /// It was, as far as its authenticator says.
    pub backed_up: bool,
    /// It may stand in place of the password. Not after "This wasn't me": then it is a second factor only.
    pub alone: bool,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// # Errors
/// `Conflict` when the credential is an account's already.
pub async fn insert(conn: &Conn<'_>, passkey: &Passkey) -> Result<()> {
    Entity::insert(Model::from(passkey).into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Whose it is, is for the caller to compare.
pub async fn find(conn: &Conn<'_>, credential_id: &[u8]) -> Result<Option<Passkey>> {
    Ok(Entity::find().filter(Column::CredentialId.eq(credential_id)).one(conn).await?.map(Passkey::from))
}

/// Whether the person has one.
pub async fn any(conn: &Conn<'_>, user_id: Uuid) -> Result<bool> {
    let one = Entity::find().select_only().column(Column::Id).filter(Column::UserId.eq(user_id));
    Ok(one.into_tuple::<Uuid>().one(conn).await?.is_some())
}

pub async fn count(conn: &Conn<'_>, user_id: Uuid) -> Result<u64> {
    Ok(Entity::find().filter(Column::UserId.eq(user_id)).count(conn).await?)
}

/// A person's, the oldest first.
pub async fn list(conn: &Conn<'_>, user_id: Uuid) -> Result<Vec<Passkey>> {
    let all = Entity::find().filter(Column::UserId.eq(user_id)).order_by_asc(Column::CreatedAt);
    Ok(all.all(conn).await?.into_iter().map(Passkey::from).collect())
}

/// Accepts an assertion: whether the passkey is still there as `seen`, so that no counter is accepted twice. `credential` and `backed_up` as they are after it.
pub async fn redeem(conn: &Conn<'_>, seen: &Passkey, credential: &str, backed_up: bool, now: Timestamp) -> Result<bool> {
    let accepted = Entity::update_many()
        .col_expr(Column::Credential, Expr::value(credential))
        .col_expr(Column::BackedUp, Expr::value(backed_up))
        .col_expr(Column::LastUsedAt, Expr::value(now.millis()))
        .filter(Column::Id.eq(seen.id))
        .filter(Column::Credential.eq(seen.credential.as_str()))
        .exec(conn)
        .await?;
    Ok(accepted.rows_affected > 0)
}

/// Another name for one of this person's. Whether it was there.
pub async fn update_name(conn: &Conn<'_>, user_id: Uuid, id: Uuid, name: &str) -> Result<bool> {
    let renamed = Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(user_id))
        .exec(conn)
        .await?;
    Ok(renamed.rows_affected > 0)
}

/// From now on none of this person's stands in place of the password.
pub async fn update_not_alone(conn: &Conn<'_>, user_id: Uuid) -> Result<()> {
    Entity::update_many().col_expr(Column::Alone, Expr::value(false)).filter(Column::UserId.eq(user_id)).exec(conn).await?;
    Ok(())
}

/// Takes away one of this person's. Whether it was there.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid, id: Uuid) -> Result<bool> {
    Ok(Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user_id)).exec(conn).await?.rows_affected > 0)
}

/// Takes away all of this person's. How many.
pub async fn revoke_all(conn: &Conn<'_>, user_id: Uuid) -> Result<u64> {
    Ok(Entity::delete_many().filter(Column::UserId.eq(user_id)).exec(conn).await?.rows_affected)
}

impl From<&Passkey> for Model {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id,
            user_id: passkey.user_id,
            credential_id: passkey.credential_id.clone(),
            name: passkey.name.clone(),
            credential: passkey.credential.clone(),
            transports: passkey.transports.join(" "),
            backup_eligible: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            alone: passkey.alone,
            created_at: passkey.created_at.millis(),
            last_used_at: passkey.last_used_at.map(Timestamp::millis),
        }
    }
}

impl From<Model> for Passkey {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            credential_id: row.credential_id,
            name: row.name,
            credential: row.credential,
            transports: row.transports.split_ascii_whitespace().map(str::to_owned).collect(),
            backup_eligible: row.backup_eligible,
            backed_up: row.backed_up,
            alone: row.alone,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase};
    use super::super::{Error, Store};
    use super::*;
    use crate::secret::random_id;

    const ADA: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    fn passkey(user_id: Uuid, credential_id: &[u8]) -> Passkey {
        Passkey {
            id: random_id(),
            user_id,
            credential_id: credential_id.to_vec(),
            name: "Ada's phone".to_owned(),
            credential: "{\"counter\":1}".to_owned(),
            transports: vec!["internal".to_owned(), "hybrid".to_owned()],
            backup_eligible: true,
            backed_up: false,
            alone: true,
            created_at: NOW,
            last_used_at: None,
        }
    }

    async fn add(store: &Store, passkey: &Passkey) -> Result<()> {
        let passkey = passkey.clone();
        store
            .write(move |conn| {
                let passkey = passkey.clone();
                Box::pin(async move { insert(conn, &passkey).await })
            })
            .await
    }

    #[tokio::test]
    async fn a_credential_is_of_one_account_and_comes_back_as_it_went() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let hers = passkey(ADA, b"one");
            add(&store, &hers).await.unwrap();
            assert!(matches!(add(&store, &passkey(BOB, b"one")).await, Err(Error::Conflict)));
            assert_eq!(find(&store.read(), b"one").await.unwrap(), Some(hers.clone()));
            assert_eq!(list(&store.read(), ADA).await.unwrap(), [hers]);
            assert!(!any(&store.read(), BOB).await.unwrap());
            assert_eq!(count(&store.read(), ADA).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn of_two_assertions_with_one_counter_the_first_is_accepted() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let seen = passkey(ADA, b"one");
            add(&store, &seen).await.unwrap();
            let accept = async || {
                let seen = seen.clone();
                let job = store.write(move |conn| {
                    let seen = seen.clone();
                    Box::pin(async move { redeem(conn, &seen, "{\"counter\":2}", true, NOW).await })
                });
                job.await.unwrap()
            };
            assert!(accept().await);
            assert!(!accept().await);
            let found = find(&store.read(), b"one").await.unwrap().unwrap();
            assert_eq!((found.last_used_at, found.backed_up), (Some(NOW), true));
        }
    }

    #[tokio::test]
    async fn only_its_person_renames_or_removes_one() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let hers = passkey(ADA, b"one");
            let id = hers.id;
            add(&store, &hers).await.unwrap();
            assert!(!store.write(move |conn| Box::pin(update_name(conn, BOB, id, "mine"))).await.unwrap());
            assert!(!store.write(move |conn| Box::pin(revoke(conn, BOB, id))).await.unwrap());
            assert!(store.write(move |conn| Box::pin(update_name(conn, ADA, id, "mine"))).await.unwrap());
            store.write(|conn| Box::pin(update_not_alone(conn, ADA))).await.unwrap();
            let found = find(&store.read(), b"one").await.unwrap().unwrap();
            assert_eq!((found.name.as_str(), found.alone), ("mine", false));
            assert!(store.write(move |conn| Box::pin(revoke(conn, ADA, id))).await.unwrap());
            assert_eq!(store.write(|conn| Box::pin(revoke_all(conn, ADA))).await.unwrap(), 0);
        }
    }
}
