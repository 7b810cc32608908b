//! Declared scopes, and the claims they release.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::entry::Entry;
use super::plan::{Change, Current, Write, action, differences, object};
use super::{Document, Key};
use crate::clock::Timestamp;
use crate::config::{Problem, Source, suggestion};
use crate::oauth::client::unknown_scopes;
use crate::store::scopes::CustomScope;
use crate::tokens::Scope;
use crate::tokens::custom_scope::{self, Attribute, Definition, Place, broken_name};
use crate::web::Locale;

/// A scope as a file declares it.
#[derive(Clone, Debug)]
pub struct DesiredScope {
    pub name: String,
    pub definition: Definition,
    /// A disabled scope is given to nobody.
    pub enabled: bool,
    pub source: Source,
}

const MEMBERS: [&str; 6] = ["name", "description", "claims", "in", "audience", "enabled"];

/// The language of a description that is given as one text.
const LANGUAGE: &str = "en";

pub(super) fn read(mut entry: Entry) -> (Option<DesiredScope>, Vec<Problem>) {
    let line = entry.line_of("name");
    let name = entry.require("name");
    if let Some(name) = &name {
        entry.named("scopes", name);
        if let Some(broken) = broken_name(name) {
            entry.problem_at(line, "name", broken.what, &broken.change);
        }
    }
    let lines: BTreeMap<&str, usize> = MEMBERS.into_iter().map(|member| (member, entry.line_of(member))).collect();
    let definition = Definition {
        description: read_description(&mut entry),
        claims: read_claims(&mut entry),
        places: read_places(&mut entry),
        audience: entry.take("audience"),
    };
    let languages = Locale::ALL.map(Locale::tag);
    for broken in definition.broken(&languages) {
        let member = broken.member.split('.').next().unwrap_or_default();
        let line = lines.get(member).copied().unwrap_or_default();
        entry.problem_at(line, &broken.member, broken.what, &broken.change);
    }
    let enabled = entry.take("enabled").unwrap_or(true);
    let source = entry.source();
    let desired = name.map(|name| DesiredScope { name, definition, enabled, source });
    (desired, entry.finish(&MEMBERS))
}

/// One text, or one for each language.
fn read_description(entry: &mut Entry) -> BTreeMap<String, String> {
    let line = entry.line_of("description");
    match entry.take::<toml::Value>("description") {
        None => BTreeMap::new(),
        Some(toml::Value::String(text)) => BTreeMap::from([(LANGUAGE.to_owned(), text)]),
        Some(other) => other.try_into().unwrap_or_else(|_| {
            let change = "Write a text, or one for each language: { en = \"…\", es = \"…\" }.";
            entry.problem_at(line, "description", "neither a text nor a table of texts", change);
            BTreeMap::new()
        }),
    }
}

/// Each claim on its own, so that every wrong one is reported by name.
fn read_claims(entry: &mut Entry) -> BTreeMap<String, custom_scope::Source> {
    let line = entry.line_of("claims");
    let mut claims = BTreeMap::new();
    for (name, value) in entry.take::<toml::Table>("claims").unwrap_or_default() {
        match read_source(&value) {
            Ok(source) => {
                claims.insert(name, source);
            }
            Err((what, change)) => entry.problem_at(line, &format!("claims.{name}"), what, &change),
        }
    }
    claims
}

/// # Errors
/// What is wrong with it, and what to do.
fn read_source(value: &toml::Value) -> Result<custom_scope::Source, (String, String)> {
    match value {
        toml::Value::String(name) => Attribute::parse(name).map(custom_scope::Source::Attribute).ok_or_else(|| {
            let change = format!("{} A fixed value is {{ constant = … }}.", suggestion(name, Attribute::all()));
            (format!("nothing is known of people by the name {name:?}"), change)
        }),
        toml::Value::Table(table) if table.len() == 1 && table.contains_key("constant") => {
            let constant = table.get("constant").and_then(|constant| serde_json::to_value(constant).ok()).unwrap_or_default();
            Ok(custom_scope::Source::Constant { constant })
        }
        _ => Err(("no source of a claim".to_owned(), "Name what it is of a person, or write { constant = … }.".to_owned())),
    }
}

fn read_places(entry: &mut Entry) -> BTreeSet<Place> {
    entry.take("in").unwrap_or_else(|| Definition::default().places)
}

/// Scopes that clients are to have and that nobody has declared or made.
pub(super) fn unknown_scopes_of_clients(document: &Document, current: &Current) -> Vec<(Key, Problem)> {
    let declared: BTreeSet<&str> = document.scopes.iter().map(|scope| scope.name.as_str()).collect();
    let is_known = |name: &str| declared.contains(name) || current.scopes.contains_key(name);
    let mut problems = Vec::new();
    for client in &document.clients {
        for name in unknown_scopes(&client.metadata, is_known) {
            let known = Scope::KNOWN.into_iter().chain(declared.iter().copied());
            let problem = Problem {
                key: Some(format!("clients[{}].scope", client.client_id)),
                source: Some(client.source.clone()),
                what: format!("there is no scope {name:?}"),
                change: format!("Declare it with [[scopes]]. {}", suggestion(&name, known)),
                ..Problem::default()
            };
            problems.push((Key::client(&client.client_id), problem));
        }
    }
    problems
}

pub(super) fn scope_change(desired: &DesiredScope, before: Option<&CustomScope>, now: Timestamp) -> Change {
    let scope = CustomScope {
        name: desired.name.clone(),
        definition: desired.definition.to_json(),
        managed: true,
        enabled: desired.enabled,
        created_at: before.map_or(now, |before| before.created_at),
        updated_at: now,
    };
    let fields = differences(&before.map(fields).unwrap_or_default(), &fields(&scope));
    let write = Write::Scope { scope: Box::new(scope), seen: before.map(|before| before.updated_at) };
    Change { action: action(before.is_some()), kind: "scope", id: desired.name.clone(), fields, write }
}

pub(super) fn fields(scope: &CustomScope) -> Map<String, Value> {
    // Read and written again, so that what a default says is not a difference.
    let definition: Option<Definition> = serde_json::from_str(&scope.definition).ok();
    let mut fields =
        definition.map_or_else(|| Map::from_iter([("definition".to_owned(), scope.definition.clone().into())]), |d| object(&d));
    fields.insert("managed".to_owned(), scope.managed.into());
    fields.insert("enabled".to_owned(), scope.enabled.into());
    fields
}
