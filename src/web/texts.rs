//! Texts: Fluent messages in `templates/locales/<tag>/*.ftl`, compiled into the program.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::files;
use super::i18n::Locale;

/// The texts in all languages.
pub struct Texts {
    bundles: [(Locale, FluentBundle<FluentResource>); 3],
    ids: BTreeSet<String>,
}

impl Texts {
    /// # Errors
    /// A file that does not parse, a message defined twice, or one that some language lacks: by language and id.
    pub fn load() -> Result<Self, String> {
        let loaded = Locale::ALL.map(|locale| load_locale(locale).map(|(bundle, ids)| (locale, bundle, ids)));
        let [first, second, third] = loaded;
        let all = [first?, second?, third?];
        let ids: BTreeSet<String> = all.iter().flat_map(|(_, _, ids)| ids.iter().cloned()).collect();
        for (locale, _, own) in &all {
            if let Some(missing) = ids.difference(own).next() {
                return Err(format!("locales/{}: message {missing} is missing", locale.tag()));
            }
        }
        Ok(Self { bundles: all.map(|(locale, bundle, _)| (locale, bundle)), ids })
    }

    /// The ids of all messages.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(String::as_str)
    }

    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// A message with its variables.
    ///
    /// # Errors
    /// No such message, or a variable it needs is not there.
    pub fn format(&self, locale: Locale, id: &str, values: &BTreeMap<String, TextValue>) -> Result<String, String> {
        let complaint = |what: &str| format!("locales/{}: message {id}: {what}", locale.tag());
        let (_, bundle) = self.bundles.iter().find(|(own, _)| *own == locale).ok_or_else(|| complaint("no such language"))?;
        let pattern = bundle.get_message(id).and_then(|message| message.value()).ok_or_else(|| complaint("missing"))?;
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            args.set(name.as_str(), FluentValue::from(value));
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&args), &mut errors);
        match errors.first() {
            None => Ok(text.into_owned()),
            Some(error) => Err(complaint(&error.to_string())),
        }
    }
}

/// What a variable of a message can be.
#[derive(Clone, Debug)]
pub enum TextValue {
    Text(String),
    /// Decides plural forms.
    Number(i64),
}

impl<'a> From<&'a TextValue> for FluentValue<'a> {
    fn from(value: &'a TextValue) -> Self {
        match value {
            TextValue::Text(text) => Self::from(without_overrides(text)),
            TextValue::Number(number) => Self::from(*number),
        }
    }
}

/// Names and addresses come from outside: the characters that turn the direction of everything after them (Unicode UAX #9 §2) go.
fn without_overrides(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    text.chars().filter(|&c| !turns(c)).collect()
}

fn load_locale(locale: Locale) -> Result<(FluentBundle<FluentResource>, BTreeSet<String>), String> {
    let tag = locale.tag();
    let language = tag.parse().map_err(|error| format!("locales/{tag}: {error}"))?;
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // The isolating characters would be part of every heading and title; `without_overrides` is what protects the sentence.
    bundle.set_use_isolating(false);
    let mut ids = BTreeSet::new();
    for file in files::matching(&format!("locales/{tag}/"), ".ftl") {
        let (path, source) = (&file.path, file.text()?);
        ids.extend(message_ids(&source));
        let resource = FluentResource::try_new(source).map_err(|(_, errors)| format!("templates/{path}: {errors:?}"))?;
        bundle.add_resource(resource).map_err(|errors| format!("templates/{path}: {errors:?}"))?;
    }
    Ok((bundle, ids))
}

/// Messages start in the first column; comments, terms and continuation lines do not look like `id =`.
fn message_ids(source: &str) -> impl Iterator<Item = String> {
    source
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter_map(|line| line.split_once(" ="))
        .map(|(id, _)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(locale: Locale, id: &str, values: &[(&str, TextValue)]) -> Result<String, String> {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Texts::load().unwrap().format(locale, id, &values)
    }

    #[test]
    fn every_language_has_every_message() {
        Texts::load().unwrap();
    }

    #[test]
    fn numbers_choose_the_plural() {
        assert_eq!(format(Locale::En, "wait-minutes", &[("count", TextValue::Number(1))]).unwrap(), "Try again in 1 minute.");
        assert_eq!(format(Locale::PtBr, "wait-minutes", &[("count", TextValue::Number(4))]).unwrap(), "Tente de novo em 4 minutos.");
    }

    #[test]
    fn what_is_missing_is_an_error_and_not_a_blank() {
        assert!(format(Locale::En, "no-such-message", &[]).unwrap_err().contains("missing"));
        assert!(format(Locale::En, "login-heading-client", &[]).is_err());
    }

    #[test]
    fn a_name_cannot_turn_the_sentence_around() {
        let name = TextValue::Text("\u{202e}evil\u{2066}".to_owned());
        assert_eq!(format(Locale::En, "login-heading-client", &[("client", name)]).unwrap(), "Log in to continue to evil");
    }

    /// Texts are escaped like any value, so markup in one would be shown, not used.
    #[test]
    fn no_message_contains_markup() {
        for file in files::matching("locales/", ".ftl") {
            let text = file.text().unwrap().replace("->", "");
            assert!(!text.contains(['<', '>']), "{}", file.path);
        }
    }
}
