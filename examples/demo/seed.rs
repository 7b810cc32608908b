//! Whom and what the demo knows.

use vestibule::app::App;
use vestibule::secret::{Digest, Secret, random_id};
use vestibule::store::clients::{self, Client, ClientSecret, GrantType, Metadata};
use vestibule::store::users::{self, Profile, User};

use crate::relying_party::Problem;

pub const EMAIL: &str = "ana@example.test";
pub const PASSWORD: &str = "open the door please";

/// Name, client id, client secret. Real secrets come from `vestibule client add`.
pub type Application = (&'static str, &'static str, &'static str);
pub const AUTOTALK: Application = ("AutoTalk", "autotalk", "autotalk-demo-secret-that-is-not-a-secret");
pub const TICKETING: Application = ("Ticketing", "ticketing", "ticketing-demo-secret-that-is-not-a-secret");

const PEOPLE: [(&str, &str, &str); 3] =
    [(EMAIL, "Ana Souza", "pt-BR"), ("ben@example.test", "Ben Okafor", "en"), ("carla@example.test", "Carla Méndez", "es")];

pub async fn people_and_applications(app: &App, autotalk_port: u16, ticketing_port: u16) -> Result<(), Problem> {
    let password_hash = app.passwords.hash(Secret::new(PASSWORD.to_owned())).await?;
    let people: Vec<User> = PEOPLE.iter().map(|person| user(app, person, &password_hash)).collect();
    let applications = [client(app, AUTOTALK, autotalk_port), client(app, TICKETING, ticketing_port)];
    app.store
        .write(move |conn| {
            let (people, applications) = (people.clone(), applications.clone());
            Box::pin(async move {
                for person in &people {
                    users::insert(conn, person).await?;
                }
                for application in &applications {
                    clients::insert(conn, application).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(())
}

fn user(app: &App, (email, name, locale): &(&str, &str, &str), password_hash: &str) -> User {
    let (given_name, family_name) = name.split_once(' ').unwrap_or((name, ""));
    User {
        id: random_id(),
        email: (*email).to_owned(),
        email_verified: true,
        profile: Profile {
            name: Some((*name).to_owned()),
            given_name: Some(given_name.to_owned()),
            family_name: Some(family_name.to_owned()),
            locale: Some((*locale).to_owned()),
            ..Profile::default()
        },
        password_hash: Some(password_hash.to_owned()),
        enabled: true,
        suspended: false,
        administrator: false,
        auth_epoch: 0,
        created_at: app.now(),
        updated_at: app.now(),
        last_sign_in_at: None,
    }
}

fn client(app: &App, (name, client_id, secret): Application, port: u16) -> Client {
    let base_url = format!("http://localhost:{port}");
    Client {
        client_id: client_id.to_owned(),
        enabled: true,
        metadata: Metadata {
            client_name: Some(name.to_owned()),
            client_uri: Some(base_url.clone()),
            redirect_uris: vec![format!("{base_url}/callback")],
            post_logout_redirect_uris: vec![format!("{base_url}/signed-out")],
            backchannel_logout_uri: Some(format!("{base_url}/backchannel-logout")),
            backchannel_logout_session_required: true,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            first_party: true,
            ..Metadata::default()
        },
        secrets: vec![ClientSecret { digest: Digest::of(secret.as_bytes()), created_at: app.now(), expires_at: None }],
        managed: false,
        created_at: app.now(),
        updated_at: app.now(),
    }
}
