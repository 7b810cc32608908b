//! What a mail's templates may use. Filled by `mail`; a letter has no surroundings: whoever reads it is not here.

use std::collections::BTreeMap;

use serde::Serialize;

/// One mail. The texts are `mail-<kind>-subject` and `mail-<kind>-text`, with `values`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Letter {
    pub kind: &'static str,
    /// Who is greeted.
    pub name: Option<String>,
    /// Whom it is sent to.
    pub email: String,
    /// The first line, to be typed somewhere.
    pub code: Option<String>,
    /// What the person came for. A letter has one link at most: this, or `not_me`.
    pub action: Option<Action>,
    pub facts: Vec<Fact>,
    /// What to do about it: the text `mail-advice-<advice>`.
    pub advice: Option<&'static str>,
    /// The link "This wasn't me".
    pub not_me: Option<String>,
    /// For the texts, beside `brand`.
    pub values: BTreeMap<&'static str, Value>,
    /// The moment a text speaks of as `day`, in seconds since 1970.
    pub day: Option<i64>,
    /// The issuer: where every link leads.
    pub issuer: String,
    /// Its host, as a person types it.
    pub host: String,
    /// Somebody reads what is answered.
    pub answered: bool,
}

/// A link with the text `mail-action-<label>`.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    pub label: &'static str,
    pub url: String,
}

/// A line of the table, with the text `mail-fact-<label>`: a moment (`at`, in seconds since 1970), or a value.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    pub label: &'static str,
    pub value: String,
    pub at: Option<i64>,
    /// Of a device: what the browser (`value`) runs on.
    pub system: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    Number(u32),
}
