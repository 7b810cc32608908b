//! One person of an import file.

use serde::Deserialize;

use crate::account::email;
use crate::account::password::{is_importable, is_verifiable};
use crate::mfa::totp::TotpSecret;
use crate::secret::Secret;
use crate::store::users::Profile;

/// A line as it is written, by the member names of the declared state. Empty is absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) email: String,
    pub(super) email_verified: Option<bool>,
    pub(super) enabled: Option<bool>,
    pub(super) name: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
    pub(super) preferred_username: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) zoneinfo: Option<String>,
    pub(super) phone_number: Option<String>,
    pub(super) password_hash: Option<String>,
    pub(super) totp_secret: Option<Secret<String>>,
}

/// A person who can be taken in.
#[derive(Clone, Debug)]
pub struct Record {
    /// Canonical.
    pub email: String,
    pub email_verified: bool,
    pub enabled: bool,
    pub profile: Profile,
    /// Of Argon2, bcrypt, PBKDF2 or scrypt.
    pub password_hash: Option<String>,
    /// Base32.
    pub totp_secret: Option<Secret<String>>,
}

/// A line of the file, with its number, the address as it is written there, and what became of it.
#[derive(Debug)]
pub struct Line {
    pub number: u64,
    pub email: String,
    /// `Err`: why it is refused; never with a hash or a secret in it.
    pub outcome: Result<Record, String>,
}

/// Longest text of a profile, in bytes.
const MAX_TEXT: usize = 1024;

impl Raw {
    /// # Errors
    /// What is wrong with it, without its secrets.
    pub(super) fn check(self) -> Result<Record, String> {
        let email = email::canonical(&self.email).ok_or("email: not an e-mail address")?;
        let password_hash = self.password_hash.filter(|hash| !hash.is_empty());
        if password_hash.as_ref().is_some_and(|hash| !is_verifiable(hash) && !is_importable(hash)) {
            return Err(
                "password_hash: not a hash of Argon2, bcrypt, PBKDF2 or scrypt that can be verified at a reasonable cost".to_owned()
            );
        }
        let totp_secret = self.totp_secret.filter(|secret| !secret.expose().is_empty());
        if totp_secret.as_ref().is_some_and(|secret| TotpSecret::from_base32(secret.expose()).is_none()) {
            return Err("totp_secret: not base32, or too short".to_owned());
        }
        let profile = Profile {
            name: text("name", self.name)?,
            given_name: text("given_name", self.given_name)?,
            family_name: text("family_name", self.family_name)?,
            preferred_username: text("preferred_username", self.preferred_username)?,
            locale: text("locale", self.locale)?,
            zoneinfo: text("zoneinfo", self.zoneinfo)?,
            phone_number: text("phone_number", self.phone_number)?,
            ..Profile::default()
        };
        let email_verified = self.email_verified.unwrap_or(false);
        Ok(Record { email, email_verified, enabled: self.enabled.unwrap_or(true), profile, password_hash, totp_secret })
    }
}

fn text(name: &str, value: Option<String>) -> Result<Option<String>, String> {
    let value = value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    match &value {
        Some(text) if text.len() > MAX_TEXT => Err(format!("{name}: longer than {MAX_TEXT} bytes")),
        Some(text) if text.chars().any(char::is_control) => Err(format!("{name}: has control characters")),
        _ => Ok(value),
    }
}
