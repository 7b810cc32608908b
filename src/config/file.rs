//! The TOML file as a layer: every value knows its line.

use std::path::Path;

use figment::value::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Problem, Source};
use super::layers::{Given, Layers};
use super::nearest::suggestion;
use super::reference::Setting;

/// Adds what the file sets; unknown sections and keys are problems.
pub(super) fn read(path: &Path, settings: &[Setting], layers: &mut Layers) -> Vec<Problem> {
    match std::fs::read_to_string(path) {
        Ok(text) => File { path, text: &text, settings }.read(layers),
        Err(error) => vec![Problem {
            what: format!("{}: cannot be read: {error}", path.display()),
            change: "Name a readable file with --config or VESTIBULE_CONFIG.".to_owned(),
            ..Problem::default()
        }],
    }
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    settings: &'a [Setting],
}

impl File<'_> {
    fn read(&self, layers: &mut Layers) -> Vec<Problem> {
        let (table, values) = match (DeTable::parse(self.text), self.text.parse::<toml::Table>()) {
            (Ok(table), Ok(values)) => (table, values),
            (Err(error), _) | (_, Err(error)) => return vec![self.not_toml(&error)],
        };
        let mut problems = Vec::new();
        for (section, entry) in table.get_ref() {
            let name = section.get_ref().as_ref();
            if !self.settings.iter().any(|setting| setting.section == name) {
                problems.push(self.unknown(name, section.span().start, self.settings.iter().map(|setting| setting.section)));
            } else if let (DeValue::Table(keys), Some(values)) = (entry.get_ref(), values.get(name).and_then(toml::Value::as_table)) {
                problems.extend(self.read_section(name, keys, values, layers));
            } else {
                problems.push(Problem {
                    key: Some(name.to_owned()),
                    source: Some(self.at(section.span().start)),
                    what: "this is a section, not a setting".to_owned(),
                    change: format!("Write [{name}] on a line of its own and the settings below it."),
                    ..Problem::default()
                });
            }
        }
        problems
    }

    fn read_section(&self, section: &str, keys: &DeTable<'_>, values: &toml::Table, layers: &mut Layers) -> Vec<Problem> {
        let mut problems = Vec::new();
        for key in keys.keys() {
            let name = format!("{section}.{}", key.get_ref());
            let known = self.settings.iter().any(|setting| setting.name() == name);
            match values.get(key.get_ref().as_ref()).map(Value::serialize) {
                Some(Ok(value)) if known => layers.set(&name, Given { value, source: self.at(key_start(key)) }),
                _ => {
                    let all: Vec<String> = self.settings.iter().map(Setting::name).collect();
                    problems.push(self.unknown(&name, key_start(key), all.iter().map(String::as_str)));
                }
            }
        }
        problems
    }

    fn at(&self, offset: usize) -> Source {
        Source::File { path: self.path.to_owned(), line: line_of(self.text, offset) }
    }

    fn unknown<'k>(&self, name: &str, offset: usize, known: impl IntoIterator<Item = &'k str>) -> Problem {
        Problem {
            key: Some(name.to_owned()),
            source: Some(self.at(offset)),
            what: "no such setting".to_owned(),
            change: suggestion(name, known),
            ..Problem::default()
        }
    }

    fn not_toml(&self, error: &toml::de::Error) -> Problem {
        Problem {
            source: Some(self.at(error.span().map_or(0, |span| span.start))),
            what: format!("not TOML: {}", error.message()),
            change: "Correct the line.".to_owned(),
            ..Problem::default()
        }
    }
}

fn key_start<T>(key: &Spanned<T>) -> usize {
    key.span().start
}

/// The line, counted from 1, that the byte at `offset` is on.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}
