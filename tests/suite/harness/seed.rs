//! The people and applications every test finds there.

use vestibule::app::App;
use vestibule::clock::Timestamp;
use vestibule::secret::{Digest, Secret, random_id};
use vestibule::store::clients::{self, AuthMethod, Client, ClientSecret, GrantType, Metadata};
use vestibule::store::signing_keys::Algorithm;
use vestibule::store::users::{self, Address, Profile, User};

/// Has a full profile.
pub const ANA: &str = "ana@example.test";
/// Has an e-mail address and nothing else.
pub const BRUNO: &str = "bruno@example.test";
/// Her account is disabled.
pub const CARLA: &str = "carla@example.test";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// Every confidential client's secret.
pub const SECRET: &str = "vst_cs_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// First party, `client_secret_basic`, RS256, refresh tokens.
pub const AUTOTALK: &str = "autotalk";
/// Third party (asks for consent), `client_secret_post`, ES256, refresh tokens.
pub const TICKETING: &str = "ticketing";
/// First party, public, refresh tokens.
pub const SPA: &str = "spa";
/// First party, public, redirects to loopback.
pub const NATIVE: &str = "native";
/// First party, confidential, exempt from PKCE.
pub const LEGACY: &str = "legacy";
/// `client_credentials` only.
pub const BATCH: &str = "batch";
/// A resource server: may introspect everybody's tokens.
pub const API: &str = "api";

pub fn client(client_id: &str, metadata: Metadata) -> Client {
    let now = Timestamp::default();
    let has_secret = metadata.token_endpoint_auth_method.has_secret();
    let secret = ClientSecret { digest: Digest::of(SECRET.as_bytes()), created_at: now, expires_at: None };
    Client {
        client_id: client_id.to_owned(),
        enabled: true,
        metadata,
        secrets: if has_secret { vec![secret] } else { Vec::new() },
        managed: false,
        created_at: now,
        updated_at: now,
    }
}

fn web(name: &str, host: &str) -> Metadata {
    Metadata {
        client_name: Some(name.to_owned()),
        redirect_uris: vec![format!("https://{host}/callback")],
        post_logout_redirect_uris: vec![format!("https://{host}/goodbye")],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        first_party: true,
        ..Metadata::default()
    }
}

/// Clients as they are at the start of every test.
pub fn all_clients() -> Vec<Client> {
    let ticketing = Metadata {
        first_party: false,
        token_endpoint_auth_method: AuthMethod::ClientSecretPost,
        id_token_signed_response_alg: Algorithm::ES256,
        client_uri: Some("https://ticketing.test".to_owned()),
        policy_uri: Some("https://ticketing.test/privacy".to_owned()),
        tos_uri: Some("https://ticketing.test/terms".to_owned()),
        ..web("Ticketing", "ticketing.test")
    };
    let spa = Metadata { token_endpoint_auth_method: AuthMethod::None, ..web("Board", "spa.test") };
    let native = Metadata {
        token_endpoint_auth_method: AuthMethod::None,
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned(), "http://[::1]/callback".to_owned()],
        ..web("Command line", "native.test")
    };
    let legacy = Metadata { require_pkce: false, ..web("Legacy", "legacy.test") };
    let batch = Metadata {
        client_name: Some("Nightly batch".to_owned()),
        grant_types: vec![GrantType::ClientCredentials],
        response_types: Vec::new(),
        scope: "profile email".to_owned(),
        ..Metadata::default()
    };
    let api = Metadata { client_name: Some("API".to_owned()), resource_server: true, ..batch.clone() };
    vec![
        client(AUTOTALK, web("AutoTalk", "autotalk.test")),
        client(TICKETING, ticketing),
        client(SPA, spa),
        client(NATIVE, native),
        client(LEGACY, legacy),
        client(BATCH, batch),
        client(API, api),
    ]
}

pub fn user(email: &str, password_hash: Option<String>) -> User {
    User {
        id: random_id(),
        email: email.to_owned(),
        email_verified: true,
        profile: Profile::default(),
        password_hash,
        enabled: true,
        suspended: false,
        administrator: false,
        auth_epoch: 0,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
        last_sign_in_at: None,
    }
}

fn ana(hash: &str) -> User {
    let text = |value: &str| Some(value.to_owned());
    let profile = Profile {
        name: text("Ana Souza"),
        given_name: text("Ana"),
        family_name: text("Souza"),
        nickname: text("aninha"),
        preferred_username: text("ana"),
        website: text("https://ana.example.test"),
        birthdate: text("1990-05-17"),
        zoneinfo: text("America/Sao_Paulo"),
        locale: text("en-GB"),
        phone_number: text("+5511955550100"),
        phone_number_verified: Some(true),
        address: Some(Address {
            formatted: text("Rua das Flores 1\nSão Paulo"),
            locality: text("São Paulo"),
            country: text("BR"),
            ..Address::default()
        }),
        ..Profile::default()
    };
    User { profile, ..user(ANA, Some(hash.to_owned())) }
}

pub async fn insert_user(app: &App, user: User) {
    app.store
        .write(move |conn| {
            let user = user.clone();
            Box::pin(async move { users::insert(conn, &user).await })
        })
        .await
        .unwrap();
}

pub async fn insert_client(app: &App, client: Client) {
    let id = client.client_id.clone();
    app.store
        .write(move |conn| {
            let client = client.clone();
            Box::pin(async move { clients::insert(conn, &client).await })
        })
        .await
        .unwrap();
    app.clients.forget(&id);
}

/// Everybody and everything.
pub async fn fill(app: &App) {
    let hash = app.passwords.hash(Secret::new(PASSWORD.to_owned())).await.unwrap();
    insert_user(app, ana(&hash)).await;
    insert_user(app, user(BRUNO, Some(hash.clone()))).await;
    insert_user(app, User { enabled: false, ..user(CARLA, Some(hash)) }).await;
    for client in all_clients() {
        insert_client(app, client).await;
    }
}
