//! Where a claim comes from.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::tokens::claims;

/// Longest constant, as JSON in bytes.
const MAX_CONSTANT: usize = 1024;

/// Something we know of a person: a standard claim, by its name, or one of [`OWN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Attribute(&'static str);

/// Beside the standard claims. Of organisations only those that are enabled.
///
/// `administrator`: whether they administer this service. `organization_ids`: `["acme"]`. `organization_names`: `["Acme Limited"]`.
/// `organization_roles`: `["acme:administrator"]`, or `member`. `organizations`: all of it, as objects with `id`, `name` and `role`.
pub(super) const OWN: [&str; 5] = ["administrator", "organization_ids", "organization_names", "organization_roles", "organizations"];

impl Attribute {
    /// Every name there is.
    pub fn all() -> impl Iterator<Item = &'static str> {
        claims::supported().chain(OWN)
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|known| *known == name).map(Self)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether it is about the organisations somebody belongs to.
    #[must_use]
    pub fn is_of_organizations(self) -> bool {
        self.0.starts_with("organization")
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| de::Error::custom(format_args!("nothing is known of people by the name {name:?}")))
    }
}

/// Where a claim comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Source {
    Attribute(Attribute),
    /// The same for everybody.
    Constant {
        constant: Value,
    },
}

/// What a value is, as far as the standard claims ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Other,
}

impl Source {
    /// The name of the attribute it is, if it is one.
    #[must_use]
    pub const fn attribute(&self) -> Option<&'static str> {
        match self {
            Self::Attribute(attribute) => Some(attribute.as_str()),
            Self::Constant { .. } => None,
        }
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        let other = ["email_verified", "phone_number_verified", "address", "updated_at"];
        let text = match self {
            Self::Attribute(Attribute(name)) => !other.contains(name) && !OWN.contains(name),
            Self::Constant { constant } => constant.is_string(),
        };
        if text { Kind::Text } else { Kind::Other }
    }

    #[must_use]
    pub fn is_of_organizations(&self) -> bool {
        matches!(self, Self::Attribute(attribute) if attribute.is_of_organizations())
    }
}

/// What is wrong with a constant, if anything.
pub(super) fn broken_constant(constant: &Value) -> Option<&'static str> {
    let simple = match constant {
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) => true,
        Value::Number(number) => number.is_i64(),
        Value::Array(values) => values.iter().all(Value::is_string),
        Value::Null | Value::Object(_) => false,
    };
    if !simple {
        return Some("cannot be a constant");
    }
    (constant.to_string().len() > MAX_CONSTANT).then_some("a constant of more than 1024 bytes")
}
