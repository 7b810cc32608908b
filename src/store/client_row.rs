//! A client's metadata as its row has it.
//!
//! A release from before assertions and devices goes on serving on the same rows, and would stop at a method or a grant type that it does not know, at every
//! list of clients. It reads a client that signs as one with a secret, of which there is none: nobody gets in there in its name; and of what a client may
//! do all but what it does not know.

use serde::{Deserialize, Serialize};

use super::clients::{AuthMethod, GrantType, Metadata};

#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(flatten)]
    metadata: Metadata,
    /// Instead of `token_endpoint_auth_method`.
    #[serde(default, skip_serializing_if = "is_false")]
    signs_assertions: bool,
    /// All of them, in their order, where `grant_types` has those alone that earlier releases know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_grant_types: Option<Vec<GrantType>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

pub(super) fn write(metadata: &Metadata) -> serde_json::Result<String> {
    let signs_assertions = metadata.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
    let mut metadata = metadata.clone();
    if signs_assertions {
        metadata.token_endpoint_auth_method = AuthMethod::default();
    }
    let for_devices = metadata.grant_types.contains(&GrantType::DeviceCode);
    let all_grant_types = for_devices.then(|| metadata.grant_types.clone());
    metadata.grant_types.retain(|grant_type| *grant_type != GrantType::DeviceCode);
    serde_json::to_string(&Row { metadata, signs_assertions, all_grant_types })
}

pub(super) fn read(text: &str) -> serde_json::Result<Metadata> {
    let Row { mut metadata, signs_assertions, all_grant_types } = serde_json::from_str(text)?;
    metadata.grant_types = all_grant_types.unwrap_or(metadata.grant_types);
    if signs_assertions {
        metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
    }
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_signs_is_one_without_a_secret_to_releases_that_do_not_know_of_it() {
        let jwks = serde_json::json!({ "keys": [] });
        let metadata = Metadata { token_endpoint_auth_method: AuthMethod::PrivateKeyJwt, jwks: Some(jwks), ..Metadata::default() };
        let row = write(&metadata).unwrap();
        let before: serde_json::Value = serde_json::from_str(&row).unwrap();
        assert_eq!(before["token_endpoint_auth_method"], "client_secret_basic");
        assert_eq!(read(&row).unwrap(), metadata);
    }

    #[test]
    fn what_earlier_releases_read_of_a_client_for_devices_has_nothing_that_they_do_not_know() {
        let grant_types = vec![GrantType::DeviceCode, GrantType::RefreshToken];
        let metadata = Metadata { grant_types, ..Metadata::default() };
        let row = write(&metadata).unwrap();
        let before: serde_json::Value = serde_json::from_str(&row).unwrap();
        assert_eq!(before["grant_types"], serde_json::json!(["refresh_token"]));
        assert_eq!(read(&row).unwrap(), metadata);
    }

    #[test]
    fn other_rows_are_as_they_were() {
        let metadata = Metadata { token_endpoint_auth_method: AuthMethod::None, ..Metadata::default() };
        assert_eq!(write(&metadata).unwrap(), serde_json::to_string(&metadata).unwrap());
        assert_eq!(read("{}").unwrap(), Metadata::default());
    }
}
