//! `backup` and `restore`, on files.

use super::*;
use crate::cli::database::within;
use crate::config::Config;
use crate::secret::Secret;
use crate::store::{audit_events, settings};

/// A database with a key, and one row to know it by.
async fn prepared(directory: &Path, mark: &'static [u8]) -> Config {
    let config = within(directory);
    let keks = keys::load_key_encryption_keys(&config.keys.directory, true).unwrap();
    let store = database::open(&config).await.unwrap();
    keys::check_key_encryption_key(&store, &Sealer::new(&keks).unwrap(), &config.keys.directory).await.unwrap();
    put(&store, mark).await;
    store.close().await;
    config
}

async fn put(store: &store::Store, mark: &'static [u8]) {
    store.write(move |conn| Box::pin(settings::update(conn, "mark", mark))).await.unwrap_or_default();
    store.write(move |conn| Box::pin(settings::insert_if_absent(conn, "mark", mark))).await.unwrap();
}

async fn mark(config: &Config) -> Vec<u8> {
    let store = database::open(config).await.unwrap();
    let found = settings::find(&store.read(), "mark").await.unwrap().unwrap_or_default();
    store.close().await;
    found
}

async fn take(config: &Config, file: &Path, force: bool) -> Result<Answer, Failure> {
    back_up(Backup { file: file.to_owned(), force }, config).await
}

async fn bring(config: &Config, file: &Path, force: bool) -> Result<Answer, Failure> {
    restore(Restore { file: Some(file.to_owned()), force, finish: false }, config).await
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_comes_back_over_what_was_there_and_that_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let config = prepared(directory.path(), b"then").await;
    let file = directory.path().join("backup");
    take(&config, &file, false).await.unwrap();
    assert!(take(&config, &file, false).await.unwrap_err().to_string().contains("--force"), "not over another one");
    take(&config, &file, true).await.unwrap();
    let store = database::open(&config).await.unwrap();
    put(&store, b"since").await;
    assert!(bring(&config, &file, true).await.unwrap_err().to_string().contains("in use"));
    store.close().await;
    drop(store);
    assert!(bring(&config, &file, false).await.unwrap_err().to_string().contains("--force"));
    assert_eq!(mark(&config).await, b"since");
    let answer = bring(&config, &file, true).await.unwrap();
    assert_eq!(mark(&config).await, b"then");
    let kept = PathBuf::from(answer.json["kept"].as_str().unwrap());
    assert!(kept.exists(), "{}", answer.text);
    let mut old = config.clone();
    old.database.url = Secret::new(format!("sqlite://{}", kept.display()));
    assert_eq!(mark(&old).await, b"since");
    let store = database::open(&config).await.unwrap();
    let events = audit_events::list(&store.read(), 10).await.unwrap();
    assert!(events.iter().any(|event| event.kind == "database.restored"));
    let store = database::open(&old).await.unwrap();
    let events = audit_events::list(&store.read(), 10).await.unwrap();
    assert_eq!(
        events.iter().filter(|event| event.kind == "database.backed_up").count(),
        2,
        "who took everything is known where it was taken"
    );
    let left = names(directory.path());
    let unfinished = |name: &String| [".restoring", ".backup", ".part"].iter().any(|ending| name.ends_with(ending));
    assert!(!left.iter().any(unfinished), "{left:?}");
}

#[tokio::test]
async fn a_backup_comes_back_where_there_is_nothing_yet() {
    let directory = tempfile::tempdir().unwrap();
    let config = prepared(directory.path(), b"then").await;
    let file = directory.path().join("backup");
    take(&config, &file, false).await.unwrap();
    let mut elsewhere = config.clone();
    elsewhere.database.url = Secret::new(format!("sqlite://{}/new/place/vestibule.db", directory.path().display()));
    let answer = bring(&elsewhere, &file, false).await.unwrap();
    assert!(answer.json["kept"].is_null());
    assert_eq!(mark(&elsewhere).await, b"then");
}

#[tokio::test]
async fn what_is_no_backup_of_ours_replaces_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let config = prepared(directory.path(), b"here").await;
    let file = directory.path().join("backup");
    take(&config, &file, false).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    for (content, word) in [
        (&b"something else entirely, and long enough to have a head"[..], "not a backup"),
        (b"", "not a backup"),
        (&whole[..whole.len() - 1], "damaged"),
        (&whole[..70_000], "damaged"),
        (&changed, "damaged"),
    ] {
        std::fs::write(&file, content).unwrap();
        let refusal = bring(&config, &file, true).await.unwrap_err().to_string();
        assert!(refusal.contains(word), "{refusal}");
        assert_eq!(mark(&config).await, b"here");
    }
    std::fs::write(&file, &whole).unwrap();
    let foreign = tempfile::tempdir().unwrap();
    let other = prepared(foreign.path(), b"other").await;
    let refusal = bring(&other, &file, true).await.unwrap_err().to_string();
    assert!(refusal.contains("not in keys.directory"), "{refusal}");
    assert_eq!(mark(&other).await, b"other");
    assert!(!names(foreign.path()).iter().any(|name| name.contains("before-restore")));
}

#[tokio::test]
async fn a_backup_under_keys_of_another_database_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let config = prepared(directory.path(), b"here").await;
    std::fs::remove_file(config.keys.directory.join("001.kek")).unwrap();
    let refusal = take(&config, &directory.path().join("backup"), false).await.unwrap_err().to_string();
    assert!(refusal.contains("no key-encryption key"), "{refusal}");
    keys::load_key_encryption_keys(&config.keys.directory, true).unwrap();
    let refusal = take(&config, &directory.path().join("backup"), false).await.unwrap_err().to_string();
    assert!(refusal.contains("do not belong"), "{refusal}");
    assert!(!directory.path().join("backup").exists());
}

#[tokio::test]
async fn a_mistyped_url_does_not_make_a_database() {
    let directory = tempfile::tempdir().unwrap();
    let config = prepared(directory.path(), b"here").await;
    let mut mistyped = config.clone();
    mistyped.database.url = Secret::new(format!("sqlite://{}/vestibul.db", directory.path().display()));
    let before = names(directory.path());
    assert!(take(&mistyped, &directory.path().join("backup"), false).await.unwrap_err().to_string().contains("no database"));
    let finished = restore(Restore { file: None, force: false, finish: true }, &mistyped).await;
    assert!(finished.unwrap_err().to_string().contains("no database"));
    assert_eq!(names(directory.path()), before);
}

#[tokio::test]
async fn postgresql_is_left_to_its_own_tools() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = prepared(directory.path(), b"here").await;
    config.database.url = Secret::new("postgres://nobody:hunter2@127.0.0.1:1/x".to_owned());
    let refusal = take(&config, &directory.path().join("backup"), false).await.unwrap_err().to_string();
    assert!(refusal.contains("pg_dump") && !refusal.contains("hunter2"), "{refusal}");
    let refusal = bring(&config, &directory.path().join("backup"), true).await.unwrap_err().to_string();
    assert!(refusal.contains("pg_restore") && refusal.contains("restore --finish"), "{refusal}");
}

#[tokio::test]
async fn the_database_itself_is_no_place_for_a_backup() {
    let directory = tempfile::tempdir().unwrap();
    let config = prepared(directory.path(), b"here").await;
    let database = store::path(&config.database).unwrap().unwrap();
    for suffix in ["", "-wal", "-shm", ".lock", ".backup"] {
        let target = PathBuf::from(format!("{}{suffix}", database.display()));
        let refusal = take(&config, &target, true).await.unwrap_err().to_string();
        assert!(refusal.contains("belongs to the database itself"), "{suffix}: {refusal}");
    }
    assert_eq!(mark(&config).await, b"here");
}

/// Root restores for a service of another user, on a new machine.
#[tokio::test]
async fn everything_a_restore_leaves_is_of_whoever_owns_the_directory() {
    const SOMEBODY: u32 = 65_534;
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    if std::os::unix::fs::chown(new.path(), Some(SOMEBODY), Some(SOMEBODY)).is_err() {
        return; // Only root gives away.
    }
    let mut config = prepared(old.path(), b"there").await;
    let file = old.path().join("backup");
    take(&config, &file, false).await.unwrap();
    config.database.url = Secret::new(format!("sqlite://{}/data/of/vestibule.db", new.path().display()));
    bring(&config, &file, false).await.unwrap();
    let made = ["data", "data/of", "data/of/vestibule.db", "data/of/vestibule.db.lock"];
    for name in made {
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(new.path().join(name)).unwrap());
        assert_eq!(owner, SOMEBODY, "{name}");
    }
}
