//! Registered clients (RFC 7591 metadata).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::ActiveValue::{NotSet, Unchanged};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, UpdateMany,
};
use serde::{Deserialize, Serialize};

use super::assertion_algorithm::AssertionAlgorithm;
use super::entities::clients::{ActiveModel, Column, Entity, Model};
use super::entities::consents;
use super::signing_keys::Algorithm;
use super::{Conn, Error, Result, TICK, client_row, device_authorizations, grants};
use crate::clock::Timestamp;
use crate::secret::Digest;

/// How a client proves who it is at the token endpoint (RFC 7591 §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    #[default]
    ClientSecretBasic,
    ClientSecretPost,
    /// A JWT that it signed (RFC 7523, OpenID Connect Core §9).
    PrivateKeyJwt,
    /// A public client.
    None,
}

impl AuthMethod {
    #[must_use]
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    /// RFC 8628 §3.4.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code", alias = "device_code")]
    DeviceCode,
}

/// Client metadata by its RFC 7591, OpenID Connect Registration, RP-Initiated and Back-Channel Logout names; the members below the line are ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the members are those of the specifications")]
pub struct Metadata {
    pub client_name: Option<String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub grant_types: Vec<GrantType>,
    pub response_types: Vec<String>,
    pub token_endpoint_auth_method: AuthMethod,
    /// The one algorithm of its assertions; any that fits its keys when absent.
    pub token_endpoint_auth_signing_alg: Option<AssertionAlgorithm>,
    /// Its public keys as a JWK Set, or where it publishes them; never both.
    pub jwks: Option<serde_json::Value>,
    pub jwks_uri: Option<String>,
    pub id_token_signed_response_alg: Algorithm,
    /// Scopes it may ask for, separated by spaces.
    pub scope: String,
    pub client_uri: Option<String>,
    pub logo_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub backchannel_logout_uri: Option<String>,
    pub backchannel_logout_session_required: bool,
    pub default_max_age: Option<u64>,
    pub contacts: Vec<String>,

    /// PKCE demanded of this client. Only a confidential client may be exempted.
    pub require_pkce: bool,
    /// Belongs to the operator of this service: no consent page.
    pub first_party: bool,
    /// May introspect tokens that were issued to other clients.
    pub resource_server: bool,
    /// Claims of the granted scopes also go into the ID token, for applications that never call userinfo.
    pub id_token_scope_claims: bool,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            client_name: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            response_types: vec!["code".to_owned()],
            token_endpoint_auth_method: AuthMethod::default(),
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            jwks_uri: None,
            id_token_signed_response_alg: Algorithm::RS256,
            scope: "openid profile email address phone offline_access".to_owned(),
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            default_max_age: None,
            contacts: Vec::new(),
            require_pkce: true,
            first_party: false,
            resource_server: false,
            id_token_scope_claims: false,
        }
    }
}

/// A client secret's digest. Two may be valid during rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecret {
    pub digest: Digest,
    pub created_at: Timestamp,
    /// `None`: until it is rotated away.
    pub expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct Client {
    pub client_id: String,
    pub enabled: bool,
    pub metadata: Metadata,
    /// Newest first, at most two.
    pub secrets: Vec<ClientSecret>,
    /// Declared in a file (`vestibule apply`) rather than added by hand.
    pub managed: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Client {
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(&self.client_id)
    }

    /// A client that has no secret to keep (RFC 6749 §2.1).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AuthMethod::None
    }

    #[must_use]
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant_type)
    }
}

/// By its exact id.
pub async fn find(conn: &Conn<'_>, client_id: &str) -> Result<Option<Client>> {
    Entity::find_by_id(client_id).one(conn).await?.map(Client::try_from).transpose()
}

pub async fn list(conn: &Conn<'_>) -> Result<Vec<Client>> {
    Entity::find().order_by_asc(Column::ClientId).all(conn).await?.into_iter().map(Client::try_from).collect()
}

/// # Errors
/// `Conflict` when the id is taken.
pub async fn insert(conn: &Conn<'_>, client: &Client) -> Result<()> {
    Entity::insert(Model::try_from(client)?.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Replaces everything but the id and `created_at`. `NotFound` when there is none.
pub async fn update(conn: &Conn<'_>, client: &Client) -> Result<()> {
    let changed = replacement(client)?.exec(conn).await?.rows_affected;
    if changed == 0 { Err(Error::NotFound("client")) } else { Ok(()) }
}

/// As [`update`], only while the row was last changed at `seen`. `updated_at` moves forward even within one millisecond.
///
/// # Errors
/// `Conflict` when the row has changed since, or is gone.
pub async fn update_seen(conn: &Conn<'_>, client: &Client, seen: Timestamp) -> Result<()> {
    let client = Client { updated_at: client.updated_at.max(seen.plus(TICK)), ..client.clone() };
    let changed = replacement(&client)?.filter(Column::UpdatedAt.eq(seen.millis())).exec(conn).await?.rows_affected;
    if changed == 0 { Err(Error::Conflict) } else { Ok(()) }
}

fn replacement(client: &Client) -> Result<UpdateMany<Entity>> {
    let row = ActiveModel {
        client_id: Unchanged(client.client_id.clone()),
        created_at: NotSet,
        ..Model::try_from(client)?.into_active_model().reset_all()
    };
    Ok(Entity::update_many().set(row).filter(Column::ClientId.eq(&client.client_id)))
}

/// Ends every delegation to a client that goes on existing but is disabled: enabling it again brings none of them back.
pub async fn revoke_grants(conn: &Conn<'_>, client_id: &str, reason: &str, now: Timestamp) -> Result<u64> {
    device_authorizations::revoke_all_of_client(conn, client_id).await?;
    grants::revoke_all_of_client(conn, client_id, reason, now).await
}

/// Removes the client and revokes its grants. Whether there was one.
pub async fn remove(conn: &Conn<'_>, client_id: &str, now: Timestamp) -> Result<bool> {
    device_authorizations::revoke_all_of_client(conn, client_id).await?;
    grants::revoke_all_of_client(conn, client_id, "client_removed", now).await?;
    // What people allowed this client must not be inherited by another that is given the same id later.
    consents::Entity::delete_many().filter(consents::Column::ClientId.eq(client_id)).exec(conn).await?;
    Ok(Entity::delete_by_id(client_id).exec(conn).await?.rows_affected > 0)
}

/// A [`ClientSecret`] as JSON.
#[derive(Serialize, Deserialize)]
struct SecretRow {
    /// Base64url.
    digest: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl TryFrom<&Client> for Model {
    type Error = Error;

    fn try_from(client: &Client) -> Result<Self> {
        let secrets: Vec<SecretRow> = client.secrets.iter().map(SecretRow::from).collect();
        Ok(Self {
            client_id: client.client_id.clone(),
            enabled: client.enabled,
            metadata: client_row::write(&client.metadata).map_err(inconsistent)?,
            secrets: serde_json::to_string(&secrets).map_err(inconsistent)?,
            managed: client.managed,
            created_at: client.created_at.millis(),
            updated_at: client.updated_at.millis(),
        })
    }
}

impl TryFrom<Model> for Client {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let secrets: Vec<SecretRow> = serde_json::from_str(&row.secrets).map_err(inconsistent)?;
        Ok(Self {
            client_id: row.client_id,
            enabled: row.enabled,
            metadata: client_row::read(&row.metadata).map_err(inconsistent)?,
            secrets: secrets.into_iter().map(ClientSecret::try_from).collect::<Result<_>>()?,
            managed: row.managed,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

impl From<&ClientSecret> for SecretRow {
    fn from(secret: &ClientSecret) -> Self {
        Self { digest: URL_SAFE_NO_PAD.encode(secret.digest.as_bytes()), created_at: secret.created_at, expires_at: secret.expires_at }
    }
}

impl TryFrom<SecretRow> for ClientSecret {
    type Error = Error;

    fn try_from(row: SecretRow) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(&row.digest).map_err(inconsistent)?;
        let digest = Digest::from_slice(&bytes).ok_or_else(|| inconsistent("a digest has the wrong length"))?;
        Ok(Self { digest, created_at: row.created_at, expires_at: row.expires_at })
    }
}

fn inconsistent(detail: impl std::fmt::Display) -> Error {
    Error::inconsistent("clients", detail)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase, client};
    use super::*;

    #[tokio::test]
    async fn a_client_comes_back_as_it_was_put_in() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let secret = |byte, expires_at| ClientSecret { digest: Digest::from_bytes([byte; 32]), created_at: NOW, expires_at };
            let autotalk = Client { secrets: vec![secret(1, None), secret(2, Some(NOW))], ..client("autotalk") };
            let row = autotalk.clone();
            store
                .write(move |conn| {
                    let row = row.clone();
                    Box::pin(async move { insert(conn, &row).await })
                })
                .await
                .unwrap();
            let found = find(&store.read(), "autotalk").await.unwrap().unwrap();
            assert_eq!((&found.metadata, &found.secrets), (&autotalk.metadata, &autotalk.secrets));
            assert!(find(&store.read(), "AutoTalk").await.unwrap().is_none());
            assert_eq!(list(&store.read()).await.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn an_update_keeps_the_birthday_and_needs_a_client() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let changed = Client { enabled: false, created_at: Timestamp::default(), ..client("autotalk") };
            let outcome = store
                .write(move |conn| {
                    let changed = changed.clone();
                    Box::pin(async move {
                        assert!(matches!(update(conn, &changed).await, Err(Error::NotFound("client"))));
                        insert(conn, &client("autotalk")).await?;
                        update(conn, &changed).await?;
                        find(conn, "autotalk").await
                    })
                })
                .await;
            let found = outcome.unwrap().unwrap();
            assert_eq!((found.enabled, found.created_at), (false, NOW));
        }
    }

    #[tokio::test]
    async fn of_two_changes_of_the_same_row_the_second_is_refused() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            store.write(|conn| Box::pin(async move { insert(conn, &client("autotalk")).await })).await.unwrap();
            let attempt = || {
                store.write(|conn| Box::pin(async move { update_seen(conn, &Client { enabled: false, ..client("autotalk") }, NOW).await }))
            };
            attempt().await.unwrap();
            assert!(matches!(attempt().await, Err(Error::Conflict)));
            assert!(find(&store.read(), "autotalk").await.unwrap().unwrap().updated_at > NOW);
        }
    }

    #[tokio::test]
    async fn an_id_belongs_to_one_client() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let twice = store
                .write(|conn| {
                    Box::pin(async move {
                        insert(conn, &client("autotalk")).await?;
                        insert(conn, &client("autotalk")).await
                    })
                })
                .await;
            assert!(matches!(twice, Err(Error::Conflict)));
        }
    }
}
