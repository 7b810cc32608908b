//! The environment as a layer: `VESTIBULE_SECTION__KEY` and `VESTIBULE_SECTION__KEY_FILE`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use figment::value::Value;

use super::error::{Problem, Source};
use super::layers::{Given, Layers};
use super::nearest::suggestion;
use super::reference::Setting;

const PREFIX: &str = "VESTIBULE_";

/// Adds what the environment sets, mounted files last; unknown variables are problems.
pub(super) fn read(environment: impl Iterator<Item = (OsString, OsString)>, settings: &[Setting], layers: &mut Layers) -> Vec<Problem> {
    let known: BTreeMap<String, &Setting> = settings.iter().map(|setting| (setting.variable(), setting)).collect();
    let mut problems = Vec::new();
    let mut mounted = Vec::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)).map(str::to_owned) else { continue };
        let Some(value) = value.to_str().map(str::to_owned) else {
            problems.push(not_text(&name));
            continue;
        };
        if is_passed_over(&name, &value) {
            continue;
        }
        if let Some(setting) = known.get(&name) {
            let source = Source::Environment { variable: name };
            layers.set(&setting.name(), Given { value: typed(setting, &value), source });
        } else if let Some(setting) = name.strip_suffix("_FILE").and_then(|variable| known.get(variable)) {
            mounted.push((*setting, name, value));
        } else {
            problems.push(unknown(&name, known.keys().map(String::as_str)));
        }
    }
    for (setting, variable, path) in mounted {
        match read_mounted(&path) {
            Ok(text) => {
                let source = Source::MountedFile { variable, path: path.into() };
                layers.set(&setting.name(), Given { value: typed(setting, &text), source });
            }
            Err(error) => problems.push(unreadable(variable, &path, &error)),
        }
    }
    problems
}

/// The text as the setting's own type: `8080` is a number where a number is wanted, and text where text is.
fn typed(setting: &Setting, text: &str) -> Value {
    match setting.kind.as_str() {
        "bool" => text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
        "u16" | "u32" | "usize" => text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from),
        _ => Value::from(text),
    }
}

/// Editors and `echo` end a file with a newline that is no part of the secret.
fn read_mounted(path: &str) -> std::io::Result<String> {
    let text = std::fs::read_to_string(Path::new(path))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// Variables with our prefix that are not settings: the path of the configuration file, the test suite's own, and those that
/// Kubernetes sets in every pod for services whose name begins with `vestibule`.
fn is_passed_over(name: &str, value: &str) -> bool {
    let by_kubernetes = !name.contains("__")
        && (name.ends_with("_SERVICE_HOST")
            || name.contains("_SERVICE_PORT")
            || (name.ends_with("_PORT") && value.contains("://"))
            || ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| name.contains("_PORT_") && name.contains(protocol)));
    name == "VESTIBULE_CONFIG" || name.starts_with("VESTIBULE_TEST_") || by_kubernetes
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    Problem {
        source: Some(Source::Environment { variable: name.to_owned() }),
        what: "no such setting".to_owned(),
        change: suggestion(name, known),
        ..Problem::default()
    }
}

fn not_text(name: &str) -> Problem {
    Problem {
        source: Some(Source::Environment { variable: name.to_owned() }),
        what: "not UTF-8 text".to_owned(),
        change: "Write it in UTF-8.".to_owned(),
        ..Problem::default()
    }
}

fn unreadable(variable: String, path: &str, error: &std::io::Error) -> Problem {
    Problem {
        source: Some(Source::MountedFile { variable, path: path.into() }),
        what: format!("cannot be read: {error}"),
        change: "Mount the file, or make it readable by this user.".to_owned(),
        ..Problem::default()
    }
}
