use super::*;
use crate::account::password::Passwords;
use crate::cli::database::{cheap, temporary};
use crate::cli::managed::{Force, refuse};
use crate::declare::{Keeping, Key, Options, Reconciler};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

async fn managed() -> (Store, tempfile::TempDir, Config) {
    let (store, directory) = temporary().await;
    let mut config = cheap();
    let documents = directory.path().join("declared");
    std::fs::create_dir(&documents).unwrap();
    std::fs::write(documents.join("acme.toml"), "[[organizations]]\nid = \"acme\"\nname = \"Acme\"\n").unwrap();
    config.declared.directory = Some(documents.clone());
    let options = Options { now: NOW, secret_overlap: std::time::Duration::ZERO };
    let passwords = Passwords::start(&config.password);
    let keeping = Keeping { store: &store, passwords: &passwords, removal: config.declared.removal, options };
    let read = Directory::read(&documents, &config).unwrap();
    Reconciler::default().pass(keeping, &read).await.unwrap();
    (store, directory, config)
}

#[tokio::test]
async fn the_status_is_that_of_the_objects_and_of_the_directory_here() {
    let (store, directory, config) = managed().await;
    let status = |config: Config| {
        let store = store.clone();
        async move { execute(Command::Status, &config, &store, NOW).await.unwrap() }
    };
    let answer = status(config.clone()).await;
    assert!(!answer.bad && answer.text.contains("organization  acme  ready"), "{}", answer.text);
    assert_eq!(answer.json["directory"]["state"], "in_force");
    let file = directory.path().join("declared/acme.toml");
    std::fs::write(&file, "[[organizations]]\nid = \"acme\"\nname = \"Acme Limited\"\n").unwrap();
    assert_eq!(status(config.clone()).await.json["directory"]["state"], "behind");
    std::fs::remove_file(&file).unwrap();
    let lost = status(config.clone()).await;
    assert!(lost.bad && lost.text.contains("no document") && lost.json["objects"][0]["id"] == "acme", "{}", lost.text);
    assert_eq!(status(cheap()).await.json["directory"]["state"], "none");
}

#[tokio::test]
async fn what_is_managed_is_changed_by_force_alone_until_it_is_released() {
    let (store, _directory, config) = managed().await;
    let acme = Key::organization("acme");
    let refused = refuse(&store, &acme, Force::default()).await.unwrap_err().to_string();
    assert!(
        refused.contains("acme.toml") && refused.contains("--force") && refused.contains("declared release organization acme"),
        "{refused}"
    );
    assert!(refuse(&store, &acme, Force { force: true }).await.is_ok());
    assert!(refuse(&store, &Key::client("acme"), Force::default()).await.is_ok());
    let release = |id: &str| Command::Release { kind: Some("organization".to_owned()), id: Some(id.to_owned()), all: false };
    assert!(execute(release("other"), &config, &store, NOW).await.is_err());
    execute(release("acme"), &config, &store, NOW).await.unwrap();
    assert!(refuse(&store, &acme, Force::default()).await.is_ok());
    let all = execute(Command::Release { kind: None, id: None, all: true }, &config, &store, NOW).await.unwrap();
    assert_eq!(all.json["released"].as_array().unwrap().len(), 0);
}
