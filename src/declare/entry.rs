//! One declared object: its members, each with its line, taken one by one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::file;
use crate::config::{Problem, Source, line_of, suggestion};
use crate::secret::Secret;

struct Member {
    value: toml::Value,
    line: usize,
}

/// A `[[clients]]`, `[[organizations]]` or `[[users]]` table. What is not taken by the end is unknown.
pub(super) struct Entry {
    /// `clients[webapp]`, `users[alice@example.com]`, or with a number before the name is known.
    label: String,
    path: PathBuf,
    line: usize,
    members: BTreeMap<String, Member>,
    problems: Vec<Problem>,
    /// What it waits for: a secret whose file is not there, or has none in it. No fault of the document.
    waits: Option<Problem>,
}

impl Entry {
    /// `table` has the positions, `values` the same members as values.
    pub(super) fn new(label: String, path: &Path, text: &str, offset: usize, table: &DeTable<'_>, values: &toml::Table) -> Self {
        let member = |key: &toml::Spanned<toml::de::DeString<'_>>| {
            let value = values.get(key.get_ref().as_ref())?.clone();
            Some((key.get_ref().to_string(), Member { value, line: line_of(text, key.span().start) }))
        };
        let members = table.keys().filter_map(member).collect();
        Self { label, path: path.to_owned(), line: line_of(text, offset), members, problems: Vec::new(), waits: None }
    }

    /// From here on problems name the object by its own name.
    pub(super) fn named(&mut self, kind: &str, name: &str) {
        self.label = format!("{kind}[{name}]");
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Takes a member of a type. A value of another type is a problem, and nothing.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let member = self.members.remove(name)?;
        match member.value.try_into() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem_at(member.line, name, error.message(), "Correct the value.");
                None
            }
        }
    }

    /// Takes a member that must be there.
    pub(super) fn require(&mut self, name: &str) -> Option<String> {
        if !self.has(name) {
            self.problem(name, "missing", "Add it.");
        }
        self.take(name)
    }

    /// Takes a secret from `name`, or from the file that `name_file` names (relative to the declaring file; one trailing newline is cut).
    pub(super) fn take_secret(&mut self, name: &str) -> Option<Secret<String>> {
        let by_file = format!("{name}_file");
        if self.has(name) && self.has(&by_file) {
            self.problem(&by_file, format!("{name} is there too"), "Keep one of the two.");
        }
        let line = self.line_of(&by_file);
        let Some(file) = self.take::<PathBuf>(&by_file) else { return self.take_secret_text(name) };
        let path = self.path.parent().unwrap_or(Path::new("")).join(file);
        match file::read(&path) {
            Ok(text) => Some(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned())),
            Err(error) => {
                self.waits_at(line, &by_file, &format!("{} cannot be read: {error}", path.display()), "Name a readable file.");
                None
            }
        }
    }

    /// As [`problem_at`](Self::problem_at), of something outside of the document that may come right by itself.
    pub(super) fn waits_at(&mut self, line: usize, name: &str, what: &str, change: &str) {
        self.waits = Some(self.described(line, name, what.to_owned(), change));
    }

    pub(super) fn take_waits(&mut self) -> Option<Problem> {
        self.waits.take()
    }

    /// Where the object begins.
    pub(super) fn source(&self) -> Source {
        Source::File { path: self.path.clone(), line: self.line }
    }

    /// The type error of a secret must not quote it.
    fn take_secret_text(&mut self, name: &str) -> Option<Secret<String>> {
        let member = self.members.remove(name)?;
        if let toml::Value::String(text) = member.value {
            return Some(Secret::new(text));
        }
        self.problem_at(member.line, name, "not text", "Write it in quotes.");
        None
    }

    /// Takes all of `names` that are there, as one table.
    pub(super) fn take_table(&mut self, names: &[&str]) -> toml::Table {
        names.iter().filter_map(|name| Some(((*name).to_owned(), self.members.remove(*name)?.value))).collect()
    }

    /// Refuses members that a later version will have: never ignored silently.
    pub(super) fn refuse_later(&mut self, names: &[&str]) {
        for name in names {
            if self.has(name) {
                self.problem(name, "this version of Vestibule does not have it", "Remove it, or use a version that has it.");
                self.members.remove(*name);
            }
        }
    }

    pub(super) fn line_of(&self, name: &str) -> usize {
        self.members.get(name).map_or(self.line, |member| member.line)
    }

    /// Where a member stands.
    pub(super) fn source_of(&self, name: &str) -> Source {
        Source::File { path: self.path.clone(), line: self.line_of(name) }
    }

    pub(super) fn problem(&mut self, name: &str, what: impl Into<String>, change: &str) {
        self.problem_at(self.line_of(name), name, what, change);
    }

    pub(super) fn problem_at(&mut self, line: usize, name: &str, what: impl Into<String>, change: &str) {
        let problem = self.described(line, name, what.into(), change);
        self.problems.push(problem);
    }

    fn described(&self, line: usize, name: &str, what: String, change: &str) -> Problem {
        let source = Some(Source::File { path: self.path.clone(), line });
        Problem { key: Some(format!("{}.{name}", self.label)), value: None, source, what, change: change.to_owned() }
    }

    /// Everything wrong with it, with what nobody took: unknown members, with the nearest of `known`.
    pub(super) fn finish(mut self, known: &[&str]) -> Vec<Problem> {
        let left: Vec<String> = self.members.keys().cloned().collect();
        for name in left {
            self.problem(&name, "no such member", &suggestion(&name, known.iter().copied()));
        }
        self.problems
    }
}

/// The tables of an array of tables, with the offset of each. `None` when it is something else.
pub(super) fn tables<'t, 'i>(value: &'t toml::Spanned<DeValue<'i>>) -> Option<Vec<(usize, &'t DeTable<'i>)>> {
    let DeValue::Array(array) = value.get_ref() else { return None };
    let table = |element: &'t toml::Spanned<DeValue<'i>>| match element.get_ref() {
        DeValue::Table(table) => Some((element.span().start, table)),
        _ => None,
    };
    array.iter().map(table).collect()
}
