//! The database for a command that changes or reads it.

use super::failure::Failure;
use crate::config::Config;
use crate::store::{SchemaState, Store};

/// Connects, whatever the schema's state.
pub(super) async fn connect(config: &Config) -> Result<Store, Failure> {
    Store::connect(&config.database)
        .await
        .map_err(|error| Failure::new(format!("{error}. Check database.url (VESTIBULE_DATABASE__URL) and that the database is running.")))
}

/// Connects to a database whose schema fits; brings it up to date first where `serve` would.
pub(super) async fn open(config: &Config) -> Result<Store, Failure> {
    open_with(config, config.database.migrate_on_start).await
}

/// Connects to a database whose schema fits and leaves it as it is: looking around with a new program must not lock out the old one that serves.
pub(super) async fn open_to_read(config: &Config) -> Result<Store, Failure> {
    open_with(config, false).await
}

async fn open_with(config: &Config, migrate: bool) -> Result<Store, Failure> {
    let store = connect(config).await?;
    match store.check().await? {
        SchemaState::Current => {}
        SchemaState::Older if migrate => {
            store.migrate_up().await?;
        }
        SchemaState::Older => return Err(Failure::new("The database's schema is older than this program. Run `vestibule migrate up`.")),
        SchemaState::Newer => {
            let text =
                "A newer version of Vestibule has changed the database's schema. Run that version, or take its migrations back with it.";
            return Err(Failure::new(text));
        }
    }
    Ok(store)
}

/// A migrated database of a test's own, and the directory it lives in.
#[cfg(test)]
pub(super) async fn temporary() -> (Store, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (open(&within(directory.path())).await.unwrap(), directory)
}

/// Settings for a database and keys in this directory, with cheap hashing.
#[cfg(test)]
pub(super) fn within(directory: &std::path::Path) -> Config {
    let mut config = cheap();
    config.database.url = crate::secret::Secret::new(format!("sqlite://{}/vestibule.db", directory.display()));
    config.keys.directory = directory.join("keys");
    config
}

/// Settings with cheap hashing.
#[cfg(test)]
pub(super) fn cheap() -> Config {
    let mut config = Config::default();
    config.password.memory_kib = 64;
    config.password.iterations = 1;
    config.password.hash_threads = 1;
    config.password.hash_deadline = crate::config::Span::secs(60);
    config
}

/// A session of this person with a grant for `webapp`, a client that wants to be told when it ends. The session's id.
#[cfg(test)]
pub(super) async fn signed_in(store: &Store, user: &crate::store::users::User, now: crate::clock::Timestamp) -> uuid::Uuid {
    use crate::store::clients::{Client, Metadata};
    use crate::store::{clients, grants, sessions};

    let later = now.plus(std::time::Duration::from_hours(1));
    let backchannel_logout_uri = Some("https://app.example/logout".to_owned());
    let client = Client {
        client_id: "webapp".to_owned(),
        enabled: true,
        metadata: Metadata { backchannel_logout_uri, ..Metadata::default() },
        secrets: Vec::new(),
        managed: false,
        created_at: now,
        updated_at: now,
    };
    let session = sessions::Session {
        id: crate::secret::random_id(),
        user_id: user.id,
        digest: crate::secret::Digest::of(b"cookie"),
        created_at: now,
        auth_time: now,
        last_seen_at: now,
        expires_at: later,
        amr: Vec::new(),
        acr: "aal1".to_owned(),
        epoch: user.auth_epoch,
        ended_at: None,
    };
    let grant = grants::Grant {
        id: crate::secret::random_id(),
        client_id: "webapp".to_owned(),
        user_id: user.id,
        session_id: session.id,
        scope: "openid".to_owned(),
        offline: false,
        auth_time: now,
        amr: Vec::new(),
        acr: "aal1".to_owned(),
        nonce: None,
        generation: 0,
        rotated_at: now,
        epoch: user.auth_epoch,
        created_at: now,
        expires_at: later,
        revoked_at: None,
        revoked_reason: None,
    };
    let id = session.id;
    let inserted = store.write(move |conn| {
        let (client, session, grant) = (client.clone(), session.clone(), grant.clone());
        Box::pin(async move {
            clients::insert(conn, &client).await?;
            sessions::insert(conn, &session).await?;
            grants::redeem(conn, &grant).await.map(drop)
        })
    });
    inserted.await.unwrap();
    id
}

/// Whether the session of [`signed_in`] ended as it does when somebody signs out: with its grants, told to the client, and recorded.
#[cfg(test)]
pub(super) async fn is_ended_properly(store: &Store, session: uuid::Uuid) -> bool {
    use crate::store::{audit_events, grants, logout_deliveries, sessions};

    let conn = store.read();
    let ended = sessions::find(&conn, session).await.unwrap().unwrap().ended_at.is_some();
    let told = logout_deliveries::list(&conn, 10).await.unwrap().iter().any(|delivery| delivery.session_id == session);
    let events = audit_events::list(&conn, 100).await.unwrap();
    let event = events.into_iter().find(|event| event.kind == "session.ended" && event.session_id == Some(session));
    let recorded = event.is_some_and(|event| event.detail.contains("password_changed") && event.detail.contains("\"grants\":1"));
    let clients = grants::list_clients_of_session(&conn, session).await.unwrap();
    ended && told && recorded && clients == ["webapp"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reading_never_migrates() {
        let directory = tempfile::tempdir().unwrap();
        let config = within(directory.path());
        let refusal = open_to_read(&config).await.err().unwrap().to_string();
        assert!(refusal.contains("vestibule migrate up"), "{refusal}");
        let store = connect(&config).await.unwrap();
        assert!(store.migration_status().await.unwrap().applied.is_empty());
        store.migrate_up().await.unwrap();
        assert!(open_to_read(&config).await.is_ok());
    }
}
