//! What a client may register.

use super::{key_metadata, uri};
use crate::store::clients::{AuthMethod, GrantType, Metadata};
use crate::tokens::Scope;

const MAX_ADDRESSES: usize = 50;
const MAX_NAME: usize = 200;
const MAX_CONTACTS: usize = 10;
const MAX_CONTACT: usize = 254;

/// A rule a client's metadata breaks: the member, and what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {problem}")]
pub struct MetadataProblem {
    pub member: &'static str,
    pub problem: String,
}

/// All problems found so far.
#[derive(Default)]
struct Problems(Vec<MetadataProblem>);

impl Problems {
    fn add(&mut self, member: &'static str, problem: impl Into<String>) {
        self.0.push(MetadataProblem { member, problem: problem.into() });
    }

    fn add_if(&mut self, broken: bool, member: &'static str, problem: &str) {
        if broken {
            self.add(member, problem);
        }
    }

    fn take(&mut self, member: &'static str, answer: Result<(), String>) {
        if let Err(problem) = answer {
            self.add(member, problem);
        }
    }
}

/// Every rule, every problem: redirect URIs absolute, without fragment, https or loopback http or a private-use scheme (RFC 8252); no PKCE
/// exemption for public clients; `response_types` only `code`; scopes known; ….
///
/// # Errors
/// All problems found.
pub fn check_metadata(metadata: &Metadata) -> Result<(), Vec<MetadataProblem>> {
    let mut problems = Problems::default();
    check_grants(metadata, &mut problems);
    check_public(metadata, &mut problems);
    check_scope(metadata, &mut problems);
    check_addresses(metadata, &mut problems);
    check_texts(metadata, &mut problems);
    problems.0.extend(key_metadata::check(metadata));
    if problems.0.is_empty() { Ok(()) } else { Err(problems.0) }
}

/// RFC 7591 §2.1: grant types and response types belong together.
fn check_grants(metadata: &Metadata, problems: &mut Problems) {
    let has = |grant_type| metadata.grant_types.contains(&grant_type);
    let signs_in = has(GrantType::AuthorizationCode);
    problems.add_if(metadata.grant_types.is_empty(), "grant_types", "name at least one");
    let repeated = metadata.grant_types.iter().enumerate().any(|(at, one)| metadata.grant_types.iter().take(at).any(|other| one == other));
    problems.add_if(repeated, "grant_types", "names one twice");
    let delegates = signs_in || has(GrantType::DeviceCode);
    problems.add_if(has(GrantType::RefreshToken) && !delegates, "grant_types", "refresh_token needs authorization_code or device_code");
    for other in metadata.response_types.iter().filter(|value| *value != "code") {
        problems.add("response_types", format!("`{}` is not supported: only `code`", other.escape_default()));
    }
    let answers_code = metadata.response_types.iter().any(|value| value == "code");
    problems.add_if(signs_in && !answers_code, "response_types", "authorization_code needs `code`");
    problems.add_if(signs_in && metadata.redirect_uris.is_empty(), "redirect_uris", "authorization_code needs at least one");
    problems.add_if(
        !signs_in && !metadata.redirect_uris.is_empty(),
        "redirect_uris",
        "useless without authorization_code: remove them, or add it",
    );
}

/// What a client without a secret cannot have.
fn check_public(metadata: &Metadata, problems: &mut Problems) {
    if metadata.token_endpoint_auth_method != AuthMethod::None {
        return;
    }
    let for_itself = metadata.grant_types.contains(&GrantType::ClientCredentials);
    problems.add_if(for_itself, "grant_types", "client_credentials needs a client secret or key (RFC 6749 §4.4)");
    problems.add_if(!metadata.require_pkce, "require_pkce", "only a confidential client can go without PKCE (RFC 9700 §2.1.1)");
    problems.add_if(metadata.resource_server, "resource_server", "introspection needs a client secret or key (RFC 7662 §2.1)");
}

fn check_scope(metadata: &Metadata, problems: &mut Problems) {
    let malformed = Scope::parse(&metadata.scope).is_none();
    problems.add_if(malformed, "scope", "must be at most 50 values of printable ASCII in 1024 bytes, separated by spaces (RFC 6749 §3.3)");
}

/// The scopes a client is to have that are neither standard nor `is_custom`. Scopes about people are ours to know; a client that acts for itself may
/// also have scopes of the APIs it calls.
#[must_use]
pub fn unknown_scopes(metadata: &Metadata, is_custom: impl Fn(&str) -> bool) -> Vec<String> {
    if metadata.grant_types.contains(&GrantType::ClientCredentials) {
        return Vec::new();
    }
    let scope = Scope::parse(&metadata.scope).unwrap_or_default();
    scope.iter().filter(|value| !Scope::KNOWN.contains(value) && !is_custom(value)).map(str::to_owned).collect()
}

fn check_addresses(metadata: &Metadata, problems: &mut Problems) {
    let public = metadata.token_endpoint_auth_method == AuthMethod::None;
    let lists = [("redirect_uris", &metadata.redirect_uris), ("post_logout_redirect_uris", &metadata.post_logout_redirect_uris)];
    for (member, list) in lists {
        problems.add_if(list.len() > MAX_ADDRESSES, member, "has more than 50 addresses");
        for (at, address) in list.iter().enumerate().take(MAX_ADDRESSES) {
            problems.take(member, uri::check_redirect(address, public));
            problems.add_if(list.iter().take(at).any(|other| other == address), member, "names one address twice");
        }
    }
    let pages = [
        ("client_uri", &metadata.client_uri),
        ("logo_uri", &metadata.logo_uri),
        ("policy_uri", &metadata.policy_uri),
        ("tos_uri", &metadata.tos_uri),
    ];
    for (member, page) in pages {
        problems.take(member, page.as_deref().map_or(Ok(()), uri::check_page));
    }
    let backchannel = metadata.backchannel_logout_uri.as_deref();
    problems.take("backchannel_logout_uri", backchannel.map_or(Ok(()), |address| uri::check_backchannel(address, public)));
    let useless = metadata.backchannel_logout_session_required && backchannel.is_none();
    problems.add_if(useless, "backchannel_logout_session_required", "needs backchannel_logout_uri");
}

/// Texts that people are shown.
fn check_texts(metadata: &Metadata, problems: &mut Problems) {
    if let Some(name) = &metadata.client_name {
        let length = name.chars().count();
        problems.add_if(name.trim().is_empty() || length > MAX_NAME, "client_name", "must be 1 to 200 characters");
        problems.add_if(name.chars().any(deceives), "client_name", "has control characters or marks that turn the direction of text");
    }
    problems.add_if(metadata.contacts.len() > MAX_CONTACTS, "contacts", "has more than 10 entries");
    let bad = metadata.contacts.iter().any(|contact| contact.is_empty() || contact.len() > MAX_CONTACT || contact.chars().any(deceives));
    problems.add_if(bad, "contacts", "must be 1 to 254 bytes each, without control characters");
}

/// Control characters, and the directional marks that make a name on the consent page read as another one.
fn deceives(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> Metadata {
        Metadata {
            client_name: Some("App".to_owned()),
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            ..Metadata::default()
        }
    }

    fn service() -> Metadata {
        Metadata {
            grant_types: vec![GrantType::ClientCredentials],
            response_types: vec![],
            scope: "orders.read".to_owned(),
            ..Metadata::default()
        }
    }

    fn broken(metadata: &Metadata) -> Vec<&'static str> {
        check_metadata(metadata).err().unwrap_or_default().iter().map(|problem| problem.member).collect()
    }

    #[test]
    fn usual_clients_are_accepted() {
        assert_eq!(check_metadata(&web()), Ok(()));
        assert_eq!(check_metadata(&service()), Ok(()));
        let public =
            Metadata { token_endpoint_auth_method: AuthMethod::None, redirect_uris: vec!["com.example.app:/cb".to_owned()], ..web() };
        assert_eq!(check_metadata(&public), Ok(()));
    }

    #[test]
    fn grant_types_and_response_types_belong_together() {
        assert_eq!(broken(&Metadata { grant_types: vec![], ..service() }), ["grant_types"]);
        assert_eq!(broken(&Metadata { response_types: vec!["code".to_owned(), "id_token".to_owned()], ..web() }), ["response_types"]);
        assert_eq!(broken(&Metadata { response_types: vec![], ..web() }), ["response_types"]);
        assert_eq!(broken(&Metadata { redirect_uris: vec![], ..web() }), ["redirect_uris"]);
        assert_eq!(broken(&Metadata { redirect_uris: web().redirect_uris, ..service() }), ["redirect_uris"]);
        assert_eq!(broken(&Metadata { grant_types: vec![GrantType::RefreshToken], redirect_uris: vec![], ..web() }), ["grant_types"]);
    }

    #[test]
    fn a_device_needs_no_address_to_be_sent_back_to() {
        let device = Metadata {
            token_endpoint_auth_method: AuthMethod::None,
            grant_types: vec![GrantType::DeviceCode, GrantType::RefreshToken],
            response_types: vec![],
            ..Metadata::default()
        };
        assert_eq!(check_metadata(&device), Ok(()));
        assert_eq!(broken(&Metadata { redirect_uris: web().redirect_uris, ..device.clone() }), ["redirect_uris"]);
        let both = Metadata { grant_types: vec![GrantType::DeviceCode, GrantType::AuthorizationCode], ..web() };
        assert_eq!(check_metadata(&both), Ok(()));
        for name in ["urn:ietf:params:oauth:grant-type:device_code", "device_code"] {
            let named: GrantType = serde_json::from_value(name.into()).unwrap();
            assert_eq!(serde_json::to_value(named).unwrap(), "urn:ietf:params:oauth:grant-type:device_code");
        }
    }

    #[test]
    fn public_clients_have_no_privileges_that_need_a_secret() {
        let none = AuthMethod::None;
        assert_eq!(broken(&Metadata { token_endpoint_auth_method: none, ..service() }), ["grant_types"]);
        assert_eq!(broken(&Metadata { token_endpoint_auth_method: none, require_pkce: false, ..web() }), ["require_pkce"]);
        assert_eq!(broken(&Metadata { token_endpoint_auth_method: none, resource_server: true, ..web() }), ["resource_server"]);
        assert_eq!(broken(&Metadata { require_pkce: false, resource_server: true, ..web() }), [""; 0]);
    }

    #[test]
    fn scopes_are_known_unless_the_client_acts_for_itself() {
        let of = |metadata: &Metadata| unknown_scopes(metadata, |value| value == "roles");
        assert_eq!(of(&Metadata { scope: "openid profil roles".to_owned(), ..web() }), ["profil"]);
        assert!(of(&Metadata { scope: "openid orders.read".to_owned(), ..service() }).is_empty());
        assert_eq!(broken(&Metadata { scope: "open\"id".to_owned(), ..service() }), ["scope"]);
    }

    #[test]
    fn names_cannot_deceive() {
        for bad in ["", "  ", "A\nB", "\u{202E}knaB", &"x".repeat(201)] {
            assert_eq!(broken(&Metadata { client_name: Some(bad.to_owned()), ..web() }), ["client_name"], "{bad:?}");
        }
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let metadata = Metadata {
            redirect_uris: vec!["http://app.example/cb".to_owned(), "https://app.example/cb#x".to_owned()],
            logo_uri: Some("http://app.example/logo.png".to_owned()),
            backchannel_logout_session_required: true,
            ..web()
        };
        assert_eq!(broken(&metadata), ["redirect_uris", "redirect_uris", "logo_uri", "backchannel_logout_session_required"]);
    }
}
