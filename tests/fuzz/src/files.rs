//! What operators give the program: settings, declared documents, people to import, exports to verify, keys, backups.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::LazyLock;

use vestibule::account::import::{self, Format};
use vestibule::audit::chain::{Head, verify_file};
use vestibule::backup::{self, Target};
use vestibule::declare;
use vestibule::keys::{ClientKeys, PublicKeys, load_key_encryption_keys};
use vestibule::store::assertion_algorithm::AssertionAlgorithm;

use crate::service::service;
use crate::texts::{halves, text};

pub fn import_csv(input: &[u8]) {
    let _ = import::read(Format::Csv, &text(input));
}

pub fn import_jsonl(input: &[u8]) {
    let _ = import::read(Format::Jsonl, &text(input));
}

/// A file of settings; a first line `KEY=VALUE` comes from the environment.
pub fn settings(input: &[u8]) {
    let at = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let (line, rest) = input.split_at(at);
    let equals = line.iter().position(|&byte| byte == b'=');
    let variable = equals.filter(|_| line.starts_with(b"VESTIBULE_")).map(|at| {
        let value = line[at + 1..].to_vec();
        (OsString::from_vec(line[..at].to_vec()), OsString::from_vec(value))
    });
    let (directory, file) = (tempfile::tempdir().expect("a directory"), "vestibule.toml");
    let file = directory.path().join(file);
    std::fs::write(&file, if variable.is_some() { rest } else { input }).expect("a file");
    let _ = vestibule::config::load_from(Some(&file), variable.into_iter());
}

pub fn state(input: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("state.toml");
    std::fs::write(&file, input).expect("a file");
    let _ = declare::read(&[file], &service().app.config);
}

/// Nobody can make an export that holds: every one needs a checkpoint that one of our keys signed.
pub fn audit_export(input: &[u8]) {
    let expected = halves(input).0.parse::<Head>().ok();
    if let Some(head) = &expected {
        assert_eq!(head.to_string().parse::<Head>().ok().as_ref(), Some(head));
    }
    let report = verify_file(&mut &input[..], expected).expect("memory can be read");
    let _ = format!("{report:?}");
}

/// A public key, and what claims to be signed with it.
pub fn public_key(input: &[u8]) {
    let (jwk, token) = halves(input);
    let mut keys = PublicKeys::default();
    let kid = serde_json::from_str::<serde_json::Value>(&jwk).ok().and_then(|jwk| Some(jwk.get("kid")?.as_str()?.to_owned()));
    let _ = keys.insert(&kid.unwrap_or_default(), &jwk);
    let _ = keys.verify(&token, "audit-checkpoint+jwt");
}

/// The keys that a client registers or publishes: what is read as a set has a key, and none that is private.
pub fn client_keys(input: &[u8]) {
    let set = text(input);
    if let Ok(read) = ClientKeys::read(&set) {
        let keys: serde_json::Value = serde_json::from_str(&set).expect("it was read");
        let keys = keys["keys"].as_array().expect("a list");
        assert!(keys.len() > read.passed_over.len() && keys.iter().all(|key| key.get("d").is_none() && key.get("k").is_none()), "{set}");
        assert!(AssertionAlgorithm::ALL.into_iter().any(|algorithm| read.keys.fit(algorithm)), "{set}");
    }
}

pub fn key_file(input: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("1.kek");
    std::fs::write(&file, input).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).expect("a mode");
    let _ = load_key_encryption_keys(directory.path(), false);
}

/// A backup that is not the one that was made, byte for byte, is refused, and nothing of it is left; what is said of it can go to a terminal.
pub fn backup(input: &[u8]) {
    static OURS: LazyLock<Vec<u8>> = LazyLock::new(made);
    let given = changed(&OURS, input);
    let is_ours = given == *OURS;
    let (app, home) = (&service().app, tempfile::tempdir().expect("a directory"));
    let path = home.path().join("vestibule.db");
    let restoring = backup::restore(&app.config.database, &path, &app.sealer, Box::new(std::io::Cursor::new(given)), (false, app.now()));
    let restored = service().run(restoring);
    assert_eq!(restored.is_ok(), is_ours, "{restored:?}");
    assert_eq!(path.exists(), is_ours, "the database");
    assert!(!home.path().join("vestibule.db.restoring").exists(), "half a database");
    assert!(restored.err().is_none_or(|error| !error.to_string().contains(char::is_control)));
}

/// Of the service's own database.
fn made() -> Vec<u8> {
    let (app, home) = (&service().app, tempfile::tempdir().expect("a directory"));
    let path = home.path().join("backup");
    let database = Path::new(app.config.database.url.expose().strip_prefix("sqlite://").expect("a file"));
    let target = Target::File { path: path.clone(), replace: false };
    service().run(backup::make(&app.store, &app.sealer, database, target, app.now())).expect("a backup");
    std::fs::read(path).expect("a file")
}

/// The first byte says what becomes of `ours`, the next four where.
fn changed(ours: &[u8], input: &[u8]) -> Vec<u8> {
    let Some((&[how, a, b, c, d], rest)) = input.split_first_chunk::<5>() else { return input.to_vec() };
    let at = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or_default() % ours.len();
    match how {
        b'o' => {
            let mut over = ours.to_vec();
            over[at..].iter_mut().zip(rest).for_each(|(there, new)| *there = *new);
            over
        }
        b'c' => ours[..at].to_vec(),
        b'i' => [&ours[..at], rest, &ours[at..]].concat(),
        _ => input.to_vec(),
    }
}
