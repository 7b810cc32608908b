//! Reading the files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::entry::{Entry, tables};
use super::{DesiredClient, DesiredOrganization, DesiredUser, client, organization, user};
use crate::config::{Config, Problem, Source, StartupError, line_of, suggestion};

/// What the files declare.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub clients: Vec<DesiredClient>,
    pub organizations: Vec<DesiredOrganization>,
    pub users: Vec<DesiredUser>,
}

const KINDS: [&str; 3] = ["clients", "organizations", "users"];
const LATER: [&str; 1] = ["scopes"];

/// Reads and checks all files.
///
/// # Errors
/// Every problem in every file, with file and line.
pub fn read(paths: &[PathBuf], config: &Config) -> Result<Document, StartupError> {
    let mut reader = Reader { config, document: Document::default(), problems: Vec::new() };
    for path in paths {
        match std::fs::read_to_string(path) {
            Ok(text) => reader.read_text(path, &text),
            Err(error) => reader.problems.push(Problem {
                what: format!("{}: cannot be read: {error}", path.display()),
                change: "Name a readable file.".to_owned(),
                ..Problem::default()
            }),
        }
    }
    reader.refuse_duplicates();
    if reader.problems.is_empty() { Ok(reader.document) } else { Err(reader.problems.into()) }
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
                _ if LATER.contains(&kind) => ("this version of Vestibule does not have it", "Remove it.".to_owned()),
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

    fn refuse_duplicates(&mut self) {
        let mut seen = BTreeSet::new();
        let clients = self.document.clients.iter().map(|client| format!("clients[{}]", client.client_id));
        let users = self.document.users.iter().map(|user| format!("users[{}]", user.email));
        let organizations = self.document.organizations.iter().map(|organization| format!("organizations[{}]", organization.id));
        for key in clients.chain(organizations).chain(users) {
            if !seen.insert(key.clone()) {
                let change = "Keep one of them.".to_owned();
                self.problems.push(Problem { key: Some(key), what: "declared twice".to_owned(), change, ..Problem::default() });
            }
        }
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
