//! What operators give the program: settings, declared documents, people to import, exports to verify, keys.
//!
//! A program that takes backups back has its target here, too.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;

use vestibule::account::import::{self, Format};
use vestibule::audit::chain::{Head, verify_file};
use vestibule::declare;
use vestibule::keys::{PublicKeys, load_key_encryption_keys};

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

pub fn key_file(input: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("1.kek");
    std::fs::write(&file, input).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).expect("a mode");
    let _ = load_key_encryption_keys(directory.path(), false);
}
