//! The members of a scope as they are written on a command line.

use clap::Args;
use serde_json::Value;

use super::arguments::named;
use super::failure::Failure;
use crate::config::suggestion;
use crate::tokens::custom_scope::{Attribute, Definition, Place, Source};
use crate::web::Locale;

#[derive(Debug, Default, Args)]
pub(super) struct Members {
    /// What the consent page says: a text in English, or one of another language as es=…; may be repeated.
    #[arg(long = "description", value_name = "[LANGUAGE=]TEXT", value_parser = description)]
    pub(super) descriptions: Vec<(String, String)>,
    /// A claim and what it is of a person, such as roles=organization_roles or login=email; may be repeated.
    #[arg(long = "claim", value_name = "CLAIM=SOURCE", value_parser = claim)]
    pub(super) claims: Vec<(String, Source)>,
    /// A claim that is the same for everybody, text or JSON, such as tier=gold or level=7; may be repeated.
    #[arg(long = "constant", value_name = "CLAIM=VALUE", value_parser = constant)]
    pub(super) constants: Vec<(String, Source)>,
    /// Where the claims appear: id_token and userinfo (the default), access_token; may be repeated.
    #[arg(long = "in", value_name = "PLACE", value_parser = named::<Place>)]
    pub(super) places: Vec<Place>,
    /// The API whose access tokens these are, beside this service.
    #[arg(long, value_name = "URI")]
    pub(super) audience: Option<String>,
}

impl Members {
    /// The definition with the members that are named here in the place of its own.
    pub(super) fn over(self, before: Definition) -> Definition {
        let claims: std::collections::BTreeMap<String, Source> = self.claims.into_iter().chain(self.constants).collect();
        Definition {
            description: if self.descriptions.is_empty() { before.description } else { self.descriptions.into_iter().collect() },
            claims: if claims.is_empty() { before.claims } else { claims },
            places: if self.places.is_empty() { before.places } else { self.places.into_iter().collect() },
            audience: self.audience.or(before.audience),
        }
    }
}

/// # Errors
/// Everything that is wrong with it.
pub(super) fn check(definition: &Definition) -> Result<(), Failure> {
    let broken = definition.broken(&Locale::ALL.map(Locale::tag));
    if broken.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = broken.iter().map(|broken| format!("{}: {}. {}", broken.member, broken.what, broken.change)).collect();
    Err(Failure::new(format!("This cannot be a scope:\n  {}", lines.join("\n  "))))
}

#[expect(clippy::unnecessary_wraps, reason = "a parser of arguments")]
fn description(text: &str) -> Result<(String, String), String> {
    let by_language = text.split_once('=').filter(|(language, _)| Locale::ALL.iter().any(|locale| locale.tag() == *language));
    let (language, text) = by_language.unwrap_or((Locale::default().tag(), text));
    Ok((language.to_owned(), text.to_owned()))
}

fn claim(text: &str) -> Result<(String, Source), String> {
    let (claim, source) = text.split_once('=').ok_or("write a claim, = and what it is of a person")?;
    let attribute = Attribute::parse(source).ok_or_else(|| {
        format!(
            "nothing is known of people by the name {source:?}. {} A fixed value is given with --constant.",
            suggestion(source, Attribute::all())
        )
    })?;
    Ok((claim.to_owned(), Source::Attribute(attribute)))
}

/// JSON where it is, and text otherwise.
fn constant(text: &str) -> Result<(String, Source), String> {
    let (claim, value) = text.split_once('=').ok_or("write a claim, = and its value")?;
    let constant = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((claim.to_owned(), Source::Constant { constant }))
}
