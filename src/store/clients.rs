//! Registered clients (RFC 7591 metadata).

use serde::{Deserialize, Serialize};

use super::signing_keys::Algorithm;
use super::{Conn, Result};
use crate::clock::Timestamp;
use crate::secret::Digest;

/// How a client proves who it is at the token endpoint (RFC 7591 §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    #[default]
    ClientSecretBasic,
    ClientSecretPost,
    /// A public client.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

/// Client metadata by its RFC 7591, OpenID Connect Registration, RP-Initiated and Back-Channel Logout names; the members below the line are ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub client_name: Option<String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub grant_types: Vec<GrantType>,
    pub response_types: Vec<String>,
    pub token_endpoint_auth_method: AuthMethod,
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
    todo!()
}

pub async fn list(conn: &Conn<'_>) -> Result<Vec<Client>> {
    todo!()
}

/// # Errors
/// `Conflict` when the id is taken.
pub async fn insert(conn: &Conn<'_>, client: &Client) -> Result<()> {
    todo!()
}

/// Replaces everything but the id and `created_at`. `NotFound` when there is none.
pub async fn update(conn: &Conn<'_>, client: &Client) -> Result<()> {
    todo!()
}

/// Removes the client and revokes its grants. Whether there was one.
pub async fn remove(conn: &Conn<'_>, client_id: &str, now: Timestamp) -> Result<bool> {
    todo!()
}
