//! The list. A target is a function of bytes that panics when a promise does not hold; its name is that of its file in `fuzz_targets` and of its corpus.

use crate::{files, requests, texts};

pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 26] = [
    ("audit_export", files::audit_export),
    ("authorize", requests::authorize),
    ("backup", files::backup),
    ("client_assertion", requests::client_assertion),
    ("client_keys", files::client_keys),
    ("codes", texts::codes),
    ("email", texts::email),
    ("headers", texts::headers),
    ("import_csv", files::import_csv),
    ("import_jsonl", files::import_jsonl),
    ("key_file", files::key_file),
    ("mail_link", requests::mail_link),
    ("params", texts::params),
    ("passkey_assertion", requests::passkey_assertion),
    ("passkey_attestation", requests::passkey_attestation),
    ("password", texts::password),
    ("public_key", files::public_key),
    ("redirect_uri", texts::redirect_uri),
    ("request", requests::request),
    ("scope", texts::scope),
    ("settings", files::settings),
    ("signed_in", requests::signed_in),
    ("state", files::state),
    ("stored_hash", texts::stored_hash),
    ("token", requests::token),
    ("tokens", requests::tokens),
];
