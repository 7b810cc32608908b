//! Reading the files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::entry::{Entry, tables};
use super::{DesiredClient, DesiredOrganization, DesiredScope, DesiredUser, Key, client, directory, file, organization, scope, user};
use crate::config::{Config, Problem, Source, StartupError, line_of, suggestion};

/// What the files declare.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub clients: Vec<DesiredClient>,
    pub scopes: Vec<DesiredScope>,
    pub organizations: Vec<DesiredOrganization>,
    pub users: Vec<DesiredUser>,
}

const KINDS: [&str; 4] = ["clients", "scopes", "organizations", "users"];

/// Reads and checks all files, and of directories every document in them.
///
/// # Errors
/// Every problem in every file, with file and line.
pub fn read(paths: &[PathBuf], config: &Config) -> Result<Document, StartupError> {
    let (mut document, mut problems) = (Document::default(), Vec::new());
    for path in paths {
        match documents(path) {
            Ok(files) => {
                for file in files {
                    let (found, wrong) = read_one(&file, config);
                    document.join(found);
                    problems.extend(wrong);
                }
            }
            Err(error) => problems.push(unreadable(path, &error)),
        }
    }
    problems.extend(document.waiting());
    problems.extend(document.duplicates().into_iter().map(|(_, problem)| problem));
    if problems.is_empty() { Ok(document) } else { Err(problems.into()) }
}

/// A file itself; of a directory its documents, by name.
fn documents(path: &Path) -> io::Result<Vec<PathBuf>> {
    if std::fs::metadata(path)?.is_dir() { directory::list(path) } else { Ok(vec![path.to_owned()]) }
}

/// What one file declares, and everything that is wrong with it.
pub(super) fn read_one(path: &Path, config: &Config) -> (Document, Vec<Problem>) {
    let mut reader = Reader { config, document: Document::default(), problems: Vec::new() };
    match file::read(path) {
        Ok(text) => reader.read_text(path, &text),
        Err(error) => reader.problems.push(unreadable(path, &error)),
    }
    (reader.document, reader.problems)
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let what = format!("{}: cannot be read: {error}", path.display());
    Problem { what, change: "Name a readable file.".to_owned(), ..Problem::default() }
}

impl Document {
    pub(super) fn join(&mut self, other: Self) {
        self.clients.extend(other.clients);
        self.scopes.extend(other.scopes);
        self.organizations.extend(other.organizations);
        self.users.extend(other.users);
    }

    /// Everything declared, with the place where.
    pub(super) fn keys(&self) -> Vec<(Key, &Source)> {
        let clients = self.clients.iter().map(|client| (Key::client(&client.client_id), &client.source));
        let scopes = self.scopes.iter().map(|scope| (Key::scope(&scope.name), &scope.source));
        let organizations = self.organizations.iter().map(|organization| (Key::organization(&organization.id), &organization.source));
        let users = self.users.iter().map(|user| (Key::user(&user.email), &user.source));
        clients.chain(scopes).chain(organizations).chain(users).collect()
    }

    /// What is declared more than once, each with both places.
    pub(super) fn duplicates(&self) -> Vec<(Key, Problem)> {
        let mut seen: BTreeMap<Key, &Source> = BTreeMap::new();
        let mut problems = Vec::new();
        for (key, source) in self.keys() {
            let Some(first) = seen.get(&key) else {
                seen.insert(key, source);
                continue;
            };
            let problem = Problem {
                key: Some(key.label()),
                source: Some(source.clone()),
                what: format!("declared twice, first at {first}"),
                change: "Keep one of them.".to_owned(),
                ..Problem::default()
            };
            problems.push((key, problem));
        }
        problems
    }

    fn waiting(&self) -> Vec<Problem> {
        self.clients
            .iter()
            .filter_map(|client| client.waits.clone())
            .chain(self.users.iter().filter_map(|user| user.waits.clone()))
            .collect()
    }

    /// Without the objects that are named.
    pub(super) fn without(mut self, unfit: impl Fn(&Key) -> bool) -> Self {
        self.clients.retain(|client| !unfit(&Key::client(&client.client_id)));
        self.scopes.retain(|scope| !unfit(&Key::scope(&scope.name)));
        self.organizations.retain(|organization| !unfit(&Key::organization(&organization.id)));
        self.users.retain(|user| !unfit(&Key::user(&user.email)));
        self
    }
}

struct Reader<'a> {
    config: &'a Config,
    document: Document,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn read_text(&mut self, path: &Path, text: &str) {
        let at = |offset: usize| Source::File { path: path.to_owned(), line: line_of(text, offset) };
        let (table, values) = match (DeTable::parse(text), text.parse::<toml::Table>()) {
            (Ok(table), Ok(values)) => (table, values),
            (Err(error), _) | (_, Err(error)) => {
                let source = Some(at(error.span().map_or(0, |span| span.start)));
                let what = format!("not TOML: {}", error.message());
                self.problems.push(Problem { source, what, change: "Correct the line.".to_owned(), ..Problem::default() });
                return;
            }
        };
        for (key, value) in table.get_ref() {
            let kind = key.get_ref().as_ref();
            let (what, change) = match (kind, tables(value)) {
                (_, Some(tables)) if KINDS.contains(&kind) => {
                    self.read_kind(kind, path, text, &tables, values.get(kind));
                    continue;
                }
                (_, None) if KINDS.contains(&kind) => ("not a list of tables", format!("Write [[{kind}]] before each of them.")),
                _ => ("no such thing can be declared", suggestion(kind, KINDS)),
            };
            let source = Some(at(key.span().start));
            self.problems.push(Problem { key: Some(kind.to_owned()), source, what: what.to_owned(), change, ..Problem::default() });
        }
    }

    fn read_kind(&mut self, kind: &str, path: &Path, text: &str, tables: &[(usize, &DeTable<'_>)], values: Option<&toml::Value>) {
        let values = values.and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (number, ((offset, table), value)) in tables.iter().zip(values).enumerate() {
            let Some(value) = value.as_table() else { continue };
            let entry = Entry::new(format!("{kind}[{}]", number + 1), path, text, *offset, table, value);
            let problems = match kind {
                "clients" => {
                    let (desired, problems) = client::read(entry, self.config);
                    self.document.clients.extend(desired);
                    problems
                }
                "scopes" => {
                    let (desired, problems) = scope::read(entry);
                    self.document.scopes.extend(desired);
                    problems
                }
                "organizations" => {
                    let (desired, problems) = organization::read(entry);
                    self.document.organizations.extend(desired);
                    problems
                }
                _ => {
                    let (desired, problems) = user::read(entry, self.config);
                    self.document.users.extend(desired);
                    problems
                }
            };
            self.problems.extend(problems);
        }
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
