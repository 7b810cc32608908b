//! Values with their sources, one over the other.

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::Config;
use super::error::{Problem, Source};
use super::reference::Setting;

/// A value somebody gave a setting.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub value: Value,
    pub source: Source,
}

/// What is set, by `section.key`; the last layer wins.
#[derive(Debug, Default)]
pub(super) struct Layers(BTreeMap<String, Given>);

impl Layers {
    pub(super) fn set(&mut self, name: &str, given: Given) {
        self.0.insert(name.to_owned(), given);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Given> {
        self.0.get(name)
    }

    /// Everything that is set, with its source.
    pub(super) fn sources(&self) -> BTreeMap<String, Source> {
        self.0.iter().map(|(name, given)| (name.clone(), given.source.clone())).collect()
    }

    /// The typed settings, and a problem for every value that is not understood (its default stands in, so that the others are looked at too).
    pub(super) fn extract(&mut self, settings: &[Setting]) -> (Config, Vec<Problem>) {
        let mut problems = Vec::new();
        loop {
            let error = match Figment::from(&*self).extract::<Config>() {
                Ok(config) => return (config, problems),
                Err(error) => error,
            };
            let Some(problem) = self.take(&error, settings) else {
                problems.push(Problem { what: error.to_string(), change: "Correct it.".to_owned(), ..Problem::default() });
                return (Config::default(), problems);
            };
            problems.push(problem);
        }
    }

    /// Takes out the value that the error is about. `None` when it is about none: then nothing would get better.
    fn take(&mut self, error: &figment::Error, settings: &[Setting]) -> Option<Problem> {
        let name = error.path.iter().take(2).cloned().collect::<Vec<_>>().join(".");
        let setting = settings.iter().find(|setting| setting.name() == name)?;
        let given = self.0.remove(&name)?;
        let what = if setting.secret { "not understood".to_owned() } else { error.kind.to_string() };
        Some(Problem {
            value: Some(shown(setting, &given.value)),
            source: Some(given.source),
            what,
            change: setting.hint().to_owned(),
            key: Some(name),
        })
    }
}

/// A value as it may be printed.
pub(super) fn shown(setting: &Setting, value: &Value) -> String {
    if setting.secret {
        return "[secret]".to_owned();
    }
    match value {
        Value::String(_, text) => format!("{text:?}"),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

impl Provider for &Layers {
    fn metadata(&self) -> Metadata {
        Metadata::named("settings")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut sections: BTreeMap<&str, Dict> = BTreeMap::new();
        for (name, given) in &self.0 {
            if let Some((section, key)) = name.split_once('.') {
                sections.entry(section).or_default().insert(key.to_owned(), given.value.clone());
            }
        }
        let dict: Dict = sections.into_iter().map(|(section, keys)| (section.to_owned(), Value::from(keys))).collect();
        Ok(Map::from([(Profile::Default, dict)]))
    }
}
