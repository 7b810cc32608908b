//! A directory of documents, as one picture: what is in force is told from what is not by its digest.
//!
//! Kubernetes mounts a ConfigMap as links into a directory that it exchanges as a whole; links are followed, and names that begin with a dot are its
//! own business.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::document::{Document, read_one};
use super::{DesiredClient, DesiredOrganization, DesiredPassword, DesiredScope, DesiredUser, Key};
use crate::config::{Config, Problem};
use crate::secret::Digest;

/// Why a directory says nothing at all. That is never taken for "nothing is declared".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error("the directory {0} cannot be read: {1}")]
    Unreadable(PathBuf, String),
    #[error("the directory {0} has no document (*.toml) in it")]
    Empty(PathBuf),
}

/// One document of the directory.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    /// Nothing of a document with a problem is used.
    pub outcome: Result<Document, Vec<Problem>>,
}

/// What a directory says at one moment.
#[derive(Clone, Debug)]
pub struct Directory {
    pub files: Vec<File>,
    /// Of everything that is declared and of every secret it names, but not of passwords: those are easier to guess than a digest is to compute.
    pub digest: String,
}

/// The documents in a directory, by name.
pub(super) fn list(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

impl Directory {
    /// Reads and checks every document.
    ///
    /// # Errors
    /// When there is no directory, or no document in it.
    pub fn read(path: &Path, config: &Config) -> Result<Self, Lost> {
        let documents = list(path).map_err(|error| Lost::Unreadable(path.to_owned(), error.to_string()))?;
        if documents.is_empty() {
            return Err(Lost::Empty(path.to_owned()));
        }
        let files: Vec<File> = documents.iter().map(|path| read_file(path, config)).collect();
        let digest = digest_of(&files);
        Ok(Self { files, digest })
    }

    /// What all documents without a problem declare, and the name of the document each object is from.
    pub(super) fn joined(&self) -> (Document, Vec<(Key, String)>) {
        let (mut document, mut sources) = (Document::default(), Vec::new());
        for file in &self.files {
            let Ok(found) = &file.outcome else { continue };
            sources.extend(found.keys().into_iter().map(|(key, _)| (key, file.name.clone())));
            document.join(found.clone());
        }
        (document, sources)
    }

    /// The documents that cannot be used.
    pub fn broken(&self) -> impl Iterator<Item = (&File, &Vec<Problem>)> {
        self.files.iter().filter_map(|file| file.outcome.as_ref().err().map(|problems| (file, problems)))
    }
}

fn read_file(path: &Path, config: &Config) -> File {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (document, mut problems) = read_one(path, config);
    problems.extend(document.duplicates().into_iter().map(|(_, problem)| problem));
    // A file that is being written, or was lost, is empty too.
    if problems.is_empty() && document.keys().is_empty() && super::file::read(path).is_ok_and(|text| text.trim().is_empty()) {
        problems.push(Problem {
            what: format!("{}: empty", path.display()),
            change: "Write a comment into it when it is to declare nothing, or remove it.".to_owned(),
            ..Problem::default()
        });
    }
    File { name, outcome: if problems.is_empty() { Ok(document) } else { Err(problems) } }
}

fn digest_of(files: &[File]) -> String {
    let mut text = String::new();
    for file in files {
        let _ = writeln!(text, "{}", json!(file.name));
        match &file.outcome {
            Ok(document) => {
                for (key, digest) in digests(document) {
                    let _ = writeln!(text, "{key} {digest}");
                }
            }
            Err(problems) => {
                for problem in problems {
                    let _ = writeln!(text, "{}", json!(problem.to_string()));
                }
            }
        }
    }
    encoded(&text)
}

/// Of each object, without passwords.
pub(super) fn digests(document: &Document) -> Vec<(Key, String)> {
    let clients = document.clients.iter().map(|client| (Key::client(&client.client_id), encoded(&client_text(client))));
    let scopes = document.scopes.iter().map(|scope| (Key::scope(&scope.name), encoded(&scope_text(scope))));
    let organizations =
        document.organizations.iter().map(|organization| (Key::organization(&organization.id), encoded(&organization_text(organization))));
    let users = document.users.iter().map(|user| (Key::user(&user.email), encoded(&user_text(user))));
    clients.chain(scopes).chain(organizations).chain(users).collect()
}

fn client_text(client: &DesiredClient) -> String {
    let secret = client.secret.as_ref().map(|secret| encoded(secret.expose()));
    let waits = client.waits.as_ref().map(ToString::to_string);
    json!([client.client_id, client.enabled, client.metadata, secret, waits]).to_string()
}

fn scope_text(scope: &DesiredScope) -> String {
    json!([scope.name, scope.enabled, scope.definition]).to_string()
}

fn organization_text(organization: &DesiredOrganization) -> String {
    json!([organization.id, organization.name, organization.rules.to_json()]).to_string()
}

fn user_text(user: &DesiredUser) -> String {
    let password = match &user.password {
        Some(DesiredPassword::Hash(phc)) => Some(encoded(phc)),
        Some(DesiredPassword::Clear(_)) => Some("a password".to_owned()),
        None => None,
    };
    let waits = user.waits.as_ref().map(ToString::to_string);
    let of = user.memberships.as_ref().map(|memberships| &memberships.of);
    json!([user.email, user.email_verified, user.administrator, user.profile, of, password, waits]).to_string()
}

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Digest::of(text.as_bytes()).as_bytes())
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
