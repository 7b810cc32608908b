//! People, clients and settings for the unit tests of this room.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::config::{Config, Issuer};
use crate::keys::Algorithm;
use crate::secret::random_id;
use crate::store::clients::{Client, Metadata};
use crate::store::users::{Address, Profile, User};

pub(super) const ISSUER: &str = "https://id.example";

pub(super) fn issuer() -> Issuer {
    ISSUER.parse().unwrap()
}

pub(super) fn config() -> Config {
    let mut config = Config::default();
    config.server.public_url = Some(issuer());
    config
}

pub(super) fn client(algorithm: Algorithm) -> Client {
    Client {
        client_id: "app".to_owned(),
        enabled: true,
        metadata: Metadata { id_token_signed_response_alg: algorithm, ..Metadata::default() },
        secrets: Vec::new(),
        managed: false,
        created_at: Timestamp::from_secs(0),
        updated_at: Timestamp::from_secs(0),
    }
}

pub(super) fn user() -> User {
    let text = |text: &str| Some(text.to_owned());
    let profile = Profile {
        name: text("Ana Lima"),
        given_name: text("Ana"),
        family_name: text("Lima"),
        locale: text("pt-PT"),
        phone_number: text("+351210000000"),
        address: Some(Address { locality: text("Lisboa"), country: text("PT"), ..Address::default() }),
        ..Profile::default()
    };
    User {
        id: random_id(),
        email: "ana@example.org".to_owned(),
        email_verified: true,
        profile,
        password_hash: None,
        enabled: true,
        suspended: false,
        administrator: false,
        auth_epoch: 0,
        created_at: Timestamp::from_secs(1_600_000_000),
        updated_at: Timestamp::from_millis(1_700_000_000_999),
        last_sign_in_at: None,
    }
}

/// The header (0) or the claims (1) of a token, unverified.
pub(super) fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}
