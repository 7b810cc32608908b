//! Declared people.

use super::entry::Entry;
use super::organization::{self, DesiredMemberships};
use super::password_hash;
use crate::account::email;
use crate::account::password::{self, Unacceptable};
use crate::config::{Config, Problem, Source};
use crate::secret::{Digest, Secret};
use crate::store::users::Profile;

/// How a declared person's password is given.
#[derive(Clone, Debug)]
pub enum DesiredPassword {
    Clear(Secret<String>),
    /// A PHC string of Argon2id.
    Hash(String),
}

impl DesiredPassword {
    /// The digest that tells one declared PHC string from another; `None` for a password in the clear.
    pub(super) fn hash_digest(&self) -> Option<Digest> {
        match self {
            Self::Clear(_) => None,
            Self::Hash(phc) => Some(Digest::of(phc.as_bytes())),
        }
    }
}

/// A person as a file declares one: what is `None` or absent is left alone.
#[derive(Clone, Debug)]
pub struct DesiredUser {
    /// Canonical.
    pub email: String,
    pub password: Option<DesiredPassword>,
    pub email_verified: Option<bool>,
    pub administrator: Option<bool>,
    pub memberships: Option<DesiredMemberships>,
    /// Members of [`Profile`], checked.
    pub profile: serde_json::Map<String, serde_json::Value>,
    pub source: Source,
    /// The password it waits for.
    pub waits: Option<Problem>,
}

const PROFILE: [&str; 16] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
];
const OTHERS: [&str; 8] = [
    "email",
    "email_verified",
    "password",
    "password_file",
    "password_hash",
    "administrator",
    "organizations",
    "organization_administrator_of",
];
const ADDRESS: [&str; 6] = ["formatted", "street_address", "locality", "region", "postal_code", "country"];
const LATER: [&str; 4] = ["totp_secret", "recovery_codes", "passkeys", "enabled"];

pub(super) fn read(mut entry: Entry, config: &Config) -> (Option<DesiredUser>, Vec<Problem>) {
    let address = entry.require("email");
    let canonical = address.as_deref().and_then(email::canonical);
    if let Some(address) = &address {
        entry.named("users", address);
        if canonical.is_none() {
            entry.problem("email", "not an e-mail address", "Write one like alice@example.com.");
        }
    }
    entry.refuse_later(&LATER);
    let password = read_password(&mut entry, config);
    let email_verified = entry.take("email_verified");
    let administrator = entry.take("administrator");
    let memberships = organization::read_memberships(&mut entry);
    let profile = read_profile(&mut entry);
    let (source, waits) = (entry.source(), entry.take_waits());
    let desired =
        canonical.map(|email| DesiredUser { email, password, email_verified, administrator, memberships, profile, source, waits });
    let known: Vec<&str> = OTHERS.into_iter().chain(PROFILE).collect();
    (desired, entry.finish(&known))
}

fn read_password(entry: &mut Entry, config: &Config) -> Option<DesiredPassword> {
    if entry.has("password_hash") && (entry.has("password") || entry.has("password_file")) {
        entry.problem("password_hash", "password is there too", "Keep one of the two.");
    }
    let line = entry.line_of("password_hash");
    if let Some(hash) = entry.take::<String>("password_hash") {
        if let Err(what) = password_hash::check(&hash) {
            entry.problem_at(line, "password_hash", what, "Write a PHC string such as $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>.");
        }
        return Some(DesiredPassword::Hash(hash));
    }
    let line = entry.line_of("password");
    let password = entry.take_secret("password")?;
    match password::check(password.expose(), &password::Context::of_service(config)) {
        // Demonstrations and tests have short passwords; nobody but this machine can try them.
        Err(Unacceptable::TooShort { .. }) if config.issuer().is_loopback() => {}
        Err(problem) => entry.problem_at(line, "password", problem.to_string(), "Choose another."),
        Ok(()) => {}
    }
    Some(DesiredPassword::Clear(password))
}

fn read_profile(entry: &mut Entry) -> serde_json::Map<String, serde_json::Value> {
    let mut profile = serde_json::Map::new();
    for name in PROFILE {
        let line = entry.line_of(name);
        let table = entry.take_table(&[name]);
        if table.is_empty() {
            continue;
        }
        refuse_unknown_address(entry, line, &table);
        match table.try_into::<Profile>().map(|profile| serde_json::to_value(profile).unwrap_or_default()) {
            Ok(serde_json::Value::Object(members)) => profile.extend(members),
            Ok(_) => {}
            Err(error) => entry.problem_at(line, name, error.message(), "Correct the value."),
        }
    }
    profile
}

fn refuse_unknown_address(entry: &mut Entry, line: usize, table: &toml::Table) {
    let address = table.get("address").and_then(toml::Value::as_table);
    for name in address.into_iter().flat_map(toml::Table::keys).filter(|name| !ADDRESS.contains(&name.as_str())) {
        entry.problem_at(line, &format!("address.{name}"), "no such member", &crate::config::suggestion(name, ADDRESS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_member_is_one_of_the_store() {
        for name in PROFILE {
            let sample = match name {
                "phone_number_verified" => serde_json::json!({ name: true }),
                "address" => serde_json::json!({ name: { "country": "BR" } }),
                _ => serde_json::json!({ name: "text" }),
            };
            let profile: Profile = serde_json::from_value(sample.clone()).unwrap();
            assert_eq!(serde_json::to_value(profile).unwrap(), sample, "{name}");
        }
    }
}
