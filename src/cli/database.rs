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
        SchemaState::Current | SchemaState::Newer => {}
        SchemaState::Older if migrate => {
            store.migrate_up().await?;
        }
        SchemaState::Older => return Err(Failure::new("The database's schema is older than this program. Run `vestibule migrate up`.")),
        SchemaState::TooNew => {
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
