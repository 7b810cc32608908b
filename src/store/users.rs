//! People.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Conn, Result};
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
    /// May administer this service.
    pub administrator: bool,
    /// Rises when credentials change or an administrator ends everything: sessions and grants of an older epoch are dead.
    pub auth_epoch: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_sign_in_at: Option<Timestamp>,
}

pub async fn find(conn: &Conn<'_>, id: Uuid) -> Result<Option<User>> {
    todo!()
}

/// `email` in its canonical form.
pub async fn find_by_email(conn: &Conn<'_>, email: &str) -> Result<Option<User>> {
    todo!()
}

pub async fn list(conn: &Conn<'_>) -> Result<Vec<User>> {
    todo!()
}

/// Those of the ids that exist, in the order given.
pub async fn list_by_ids(conn: &Conn<'_>, ids: &[Uuid]) -> Result<Vec<User>> {
    todo!()
}

/// Whether anybody may administer this service yet.
pub async fn any_administrator(conn: &Conn<'_>) -> Result<bool> {
    todo!()
}

/// # Errors
/// `Conflict` when the address is taken.
pub async fn insert(conn: &Conn<'_>, user: &User) -> Result<()> {
    todo!()
}

/// Replaces e-mail, profile, flags, hash and epoch.
pub async fn update(conn: &Conn<'_>, user: &User) -> Result<()> {
    todo!()
}

/// Sets the hash and raises the epoch: every session and grant made before is dead.
pub async fn update_password(conn: &Conn<'_>, id: Uuid, password_hash: &str, now: Timestamp) -> Result<()> {
    todo!()
}

/// Replaces the hash of an unchanged password (stronger parameters), only while it is still `old_hash`. The epoch stays.
pub async fn update_password_hash(conn: &Conn<'_>, id: Uuid, old_hash: &str, new_hash: &str) -> Result<bool> {
    todo!()
}

pub async fn update_last_sign_in(conn: &Conn<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    todo!()
}
