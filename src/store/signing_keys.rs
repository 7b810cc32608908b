//! Signing keys, sealed.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entities::signing_keys::{ActiveModel, Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;

/// JWS algorithms we sign with (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// The default of OpenID Connect Core §15.1.
    #[default]
    RS256,
    PS256,
    ES256,
    EdDSA,
}

impl Algorithm {
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}

#[derive(Clone, Debug)]
pub struct SigningKey {
    pub id: Uuid,
    /// RFC 7638 thumbprint.
    pub kid: String,
    pub algorithm: Algorithm,
    /// The public JWK.
    pub public_jwk: String,
    /// The private key, PKCS #8 DER, sealed with the row id as context.
    pub sealed_private_key: Vec<u8>,
    pub created_at: Timestamp,
    /// Signs from here on. Before: `next`.
    pub active_at: Timestamp,
    /// Signs no more from here on: `retiring`. `None` while no successor is planned.
    pub retires_at: Option<Timestamp>,
    /// Gone from the JWKS from here on.
    pub expires_at: Option<Timestamp>,
}

pub async fn list(conn: &Conn<'_>) -> Result<Vec<SigningKey>> {
    Entity::find().order_by_asc(Column::Id).all(conn).await?.into_iter().map(SigningKey::try_from).collect()
}

/// # Errors
/// `Conflict` when a key with this `kid` exists.
pub async fn insert(conn: &Conn<'_>, key: &SigningKey) -> Result<()> {
    Entity::insert(Model::from(key).into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Replaces the times.
pub async fn update(conn: &Conn<'_>, key: &SigningKey) -> Result<()> {
    let times = ActiveModel {
        active_at: Set(key.active_at.millis()),
        retires_at: Set(key.retires_at.map(Timestamp::millis)),
        expires_at: Set(key.expires_at.map(Timestamp::millis)),
        ..ActiveModel::default()
    };
    let changed = Entity::update_many().set(times).filter(Column::Id.eq(key.id)).exec(conn).await?.rows_affected;
    if changed == 0 { Err(Error::NotFound("signing key")) } else { Ok(()) }
}

/// Removes keys that expired before `before`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp) -> Result<u64> {
    Ok(Entity::delete_many().filter(Column::ExpiresAt.lt(before.millis())).exec(conn).await?.rows_affected)
}

impl From<&SigningKey> for Model {
    fn from(key: &SigningKey) -> Self {
        Self {
            id: key.id,
            kid: key.kid.clone(),
            algorithm: key.algorithm.name().to_owned(),
            public_jwk: key.public_jwk.clone(),
            sealed_private_key: key.sealed_private_key.clone(),
            created_at: key.created_at.millis(),
            active_at: key.active_at.millis(),
            retires_at: key.retires_at.map(Timestamp::millis),
            expires_at: key.expires_at.map(Timestamp::millis),
        }
    }
}

impl TryFrom<Model> for SigningKey {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let algorithm = Algorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == row.algorithm)
            .ok_or_else(|| Error::inconsistent("signing_keys", format!("unknown algorithm {}", row.algorithm)))?;
        Ok(Self {
            id: row.id,
            kid: row.kid,
            algorithm,
            public_jwk: row.public_jwk,
            sealed_private_key: row.sealed_private_key,
            created_at: Timestamp::from_millis(row.created_at),
            active_at: Timestamp::from_millis(row.active_at),
            retires_at: row.retires_at.map(Timestamp::from_millis),
            expires_at: row.expires_at.map(Timestamp::from_millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    fn key(id: u128, kid: &str) -> SigningKey {
        SigningKey {
            id: Uuid::from_u128(id),
            kid: kid.to_owned(),
            algorithm: Algorithm::ES256,
            public_jwk: "{}".to_owned(),
            sealed_private_key: vec![1, 2, 3],
            created_at: NOW,
            active_at: NOW,
            retires_at: None,
            expires_at: None,
        }
    }

    #[tokio::test]
    async fn keys_are_retired_and_purged_and_their_kids_are_unique() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let listed = store
                .write(|conn| {
                    Box::pin(async move {
                        insert(conn, &key(1, "one")).await?;
                        insert(conn, &key(2, "two")).await?;
                        update(conn, &SigningKey { retires_at: Some(NOW), expires_at: Some(NOW), ..key(1, "one") }).await?;
                        list(conn).await
                    })
                })
                .await
                .unwrap();
            assert_eq!(listed.iter().map(|key| (&*key.kid, key.expires_at)).collect::<Vec<_>>(), [("one", Some(NOW)), ("two", None)]);
            assert_eq!((listed[1].algorithm, &*listed[1].sealed_private_key), (Algorithm::ES256, [1, 2, 3].as_slice()));
            let again = store.write(|conn| Box::pin(async move { insert(conn, &key(3, "two")).await })).await;
            assert!(matches!(again, Err(Error::Conflict)));
            let later = Timestamp::from_millis(NOW.millis() + 1);
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, later))).await.unwrap(), 1);
            assert_eq!(list(&store.read()).await.unwrap().len(), 1);
        }
    }
}
