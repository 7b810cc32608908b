//! Declared clients.

use std::time::Duration;

use super::entry::Entry;
use crate::clock::Timestamp;
use crate::config::{Config, Problem, Source};
use crate::oauth::client::{check_metadata, is_client_id, is_client_secret};
use crate::secret::Secret;
use crate::store::clients::{AuthMethod, ClientSecret, GrantType, Metadata};

/// A client as a file declares it.
#[derive(Clone, Debug)]
pub struct DesiredClient {
    pub client_id: String,
    /// `None`: no secret, or the one it has.
    pub secret: Option<Secret<String>>,
    /// A disabled client can do nothing, and what was delegated to it ends.
    pub enabled: bool,
    pub metadata: Metadata,
    pub source: Source,
    /// The secret it waits for.
    pub waits: Option<Problem>,
}

/// RFC 7591 and OpenID Connect members of later versions.
const LATER: [&str; 19] = [
    "application_type",
    "default_acr_values",
    "dpop_bound_access_tokens",
    "frontchannel_logout_session_required",
    "frontchannel_logout_uri",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "initiate_login_uri",
    "introspection_signed_response_alg",
    "organizations",
    "request_object_signing_alg",
    "request_uris",
    "require_auth_time",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "sector_identifier_uri",
    "tls_client_auth_subject_dn",
    "tls_client_certificate_bound_access_tokens",
    "userinfo_signed_response_alg",
];

/// The response types that go with the grant types (RFC 7591 §2.1).
#[must_use]
pub fn response_types(grant_types: &[GrantType]) -> Vec<String> {
    if grant_types.contains(&GrantType::AuthorizationCode) { vec!["code".to_owned()] } else { Vec::new() }
}

/// The secrets of a client after `fresh` was made: it, and the newest of the others that is still valid, until `overlap` is over.
#[must_use]
pub fn rotated(secrets: &[ClientSecret], fresh: ClientSecret, now: Timestamp, overlap: Duration) -> Vec<ClientSecret> {
    let end = now.plus(overlap);
    let previous = secrets.iter().find(|secret| secret.digest != fresh.digest && secret.expires_at.is_none_or(|at| at > now));
    let ending = previous
        .filter(|_| !overlap.is_zero())
        .map(|secret| ClientSecret { expires_at: Some(secret.expires_at.map_or(end, |at| at.min(end))), ..secret.clone() });
    std::iter::once(fresh).chain(ending).collect()
}

/// The metadata's member names.
fn metadata_members() -> Vec<String> {
    let value = serde_json::to_value(Metadata::default()).unwrap_or_default();
    value.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
}

pub(super) fn read(mut entry: Entry, config: &Config) -> (Option<DesiredClient>, Vec<Problem>) {
    let client_id = entry.require("client_id");
    if let Some(client_id) = &client_id {
        entry.named("clients", client_id);
        if !is_client_id(client_id) {
            entry.problem("client_id", "cannot be a client id", "Write letters, digits and -._~ without spaces.");
        }
    }
    let by_file = entry.has("client_secret_file");
    let secret_name = if by_file { "client_secret_file" } else { "client_secret" };
    let secret_line = entry.line_of(secret_name);
    let secret = entry.take_secret("client_secret");
    let enabled = entry.take("enabled").unwrap_or(true);
    entry.refuse_later(&LATER);
    refuse_pairwise(&mut entry);
    let metadata = read_metadata(&mut entry);
    if let (Some(secret), Some(metadata)) = (&secret, &metadata) {
        let method = metadata.token_endpoint_auth_method;
        if let Some((what, change)) = secret_problem(secret, method, config) {
            // What a mounted file holds is no fault of the document, unless there must be no secret at all.
            if by_file && method.has_secret() {
                entry.waits_at(secret_line, secret_name, what, change);
            } else {
                entry.problem_at(secret_line, secret_name, what, change);
            }
        }
    }
    let members = metadata_members();
    let known: Vec<&str> =
        ["client_id", "client_secret", "client_secret_file", "enabled"].into_iter().chain(members.iter().map(String::as_str)).collect();
    let (source, waits) = (entry.source(), entry.take_waits());
    let desired =
        client_id.zip(metadata).map(|(client_id, metadata)| DesiredClient { client_id, secret, enabled, metadata, source, waits });
    (desired, entry.finish(&known))
}

fn refuse_pairwise(entry: &mut Entry) {
    let line = entry.line_of("subject_type");
    if entry.take::<String>("subject_type").is_some_and(|kind| kind != "public") {
        entry.problem_at(line, "subject_type", "this version of Vestibule has only \"public\"", "Write \"public\" or remove it.");
    }
}

fn secret_problem(secret: &Secret<String>, method: AuthMethod, config: &Config) -> Option<(&'static str, &'static str)> {
    if !method.has_secret() {
        let what = if method == AuthMethod::None { "a public client has no secret" } else { "a client with private_key_jwt has no secret" };
        return Some((what, "Remove it, or choose another token_endpoint_auth_method."));
    }
    if secret.expose().is_empty() {
        return Some(("empty", "Write a random secret of at least 32 characters."));
    }
    (!is_client_secret(secret.expose()) && !config.issuer().is_loopback()).then_some((
        "secrets chosen by people are refused: not 32 or more of letters, digits and -._~",
        "Make one with `vestibule client add` or `openssl rand -hex 32`; others are only for a loopback issuer.",
    ))
}

/// Each member is read on its own first, so that every wrong one is reported with its line.
fn read_metadata(entry: &mut Entry) -> Option<Metadata> {
    let members = metadata_members();
    let names: Vec<&str> = members.iter().map(String::as_str).filter(|name| entry.has(name)).collect();
    let lines: Vec<(&str, usize)> = names.iter().map(|name| (*name, entry.line_of(name))).collect();
    let table = entry.take_table(&names);
    let mut valid = true;
    for (name, line) in &lines {
        let single: toml::Table = table.get(*name).map(|value| ((*name).to_owned(), value.clone())).into_iter().collect();
        if let Err(error) = single.try_into::<Metadata>() {
            entry.problem_at(*line, name, error.message(), "Correct the value.");
            valid = false;
        }
    }
    let given_response_types = table.contains_key("response_types");
    let mut metadata: Metadata = valid.then(|| table.try_into().ok()).flatten()?;
    if !given_response_types {
        metadata.response_types = response_types(&metadata.grant_types);
    }
    for broken in check_metadata(&metadata).err().unwrap_or_default() {
        let line = lines.iter().find(|(name, _)| *name == broken.member).map_or_else(|| entry.line_of(""), |(_, line)| *line);
        entry.problem_at(line, broken.member, broken.problem, "");
    }
    Some(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_type_follows_the_grant_types() {
        assert_eq!(response_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken]), ["code"]);
        assert!(response_types(&[GrantType::ClientCredentials]).is_empty());
    }

    fn secret(text: &str, expires_at: Option<i64>) -> ClientSecret {
        let created_at = Timestamp::from_secs(0);
        ClientSecret { digest: crate::secret::Digest::of(text.as_bytes()), created_at, expires_at: expires_at.map(Timestamp::from_secs) }
    }

    #[test]
    fn after_a_rotation_the_previous_secret_is_valid_for_the_overlap() {
        let now = Timestamp::from_secs(100);
        let rotate = |secrets: &[ClientSecret], overlap| rotated(secrets, secret("new", None), now, Duration::from_secs(overlap));
        assert_eq!(rotate(&[secret("old", None)], 50), [secret("new", None), secret("old", Some(150))]);
        assert_eq!(rotate(&[secret("old", None)], 0), [secret("new", None)]);
        assert_eq!(rotate(&[secret("gone", Some(99)), secret("old", Some(120))], 50), [secret("new", None), secret("old", Some(120))]);
        assert_eq!(rotate(&[secret("new", Some(120)), secret("old", None)], 50).len(), 2);
    }

    #[test]
    fn short_secrets_are_for_loopback_issuers() {
        let mut config = Config::default();
        let short = Secret::new("demo-secret".to_owned());
        let basic = AuthMethod::ClientSecretBasic;
        assert!(secret_problem(&short, basic, &config).is_none());
        config.server.public_url = Some("https://id.example".parse().unwrap());
        assert!(secret_problem(&short, basic, &config).unwrap().0.contains("secrets chosen by people are refused"));
        assert!(secret_problem(&Secret::new("x".repeat(32)), basic, &config).is_none());
        for without in [AuthMethod::None, AuthMethod::PrivateKeyJwt] {
            assert!(secret_problem(&Secret::new("x".repeat(32)), without, &config).is_some());
        }
        // What the token endpoint would not take as a secret is none.
        assert!(secret_problem(&Secret::new("x ".repeat(32)), basic, &config).is_some());
        assert!(secret_problem(&Secret::new("x".repeat(600)), basic, &config).is_some());
    }

    #[test]
    fn no_member_is_both_known_and_of_a_later_version() {
        let members = metadata_members();
        assert!(members.len() > 15);
        assert!(LATER.iter().all(|later| !members.iter().any(|member| member == later)));
    }
}
