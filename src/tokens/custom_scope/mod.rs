//! Scopes beside the standard ones: what they are, and what they release.
//!
//! Owns: [`Definition`] and its rules, [`Scopes`], which answers what a granted scope releases. Must not: look anything up; what it needs of a person
//! is brought to it. RFC 6749 §3.3, OpenID Connect Core §5.1.2, §5.4, RFC 9068 §2.2.3.

mod released;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use url::Url;

pub use released::{About, Scopes};
pub use source::{Attribute, Kind, Source};

use super::claims;
use super::scope::Scope;

/// Longest name of a scope, in bytes.
const MAX_NAME: usize = 100;
/// Longest name of a claim, in bytes: those that are addresses are long.
const MAX_CLAIM: usize = 200;
/// Most claims of one scope.
const MAX_CLAIMS: usize = 50;
/// Longest description, in characters: one line of the consent page or two.
const MAX_DESCRIPTION: usize = 200;
/// Longest `audience`, in bytes.
const MAX_AUDIENCE: usize = 255;

/// Of the protocol: whoever could set one of these could say who somebody is, how they signed in, for whom a token is or how long it is good.
/// RFC 7519 §4.1, OpenID Connect Core §2, §5.6.2, RFC 7662 §2.2, RFC 7800, RFC 8417 §2.2, RFC 8693 §4, RFC 9068 §2.2, Back-Channel Logout §2.4, RFC 9396 §9.
pub const RESERVED: [&str; 34] = [
    "_claim_names",
    "_claim_sources",
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "events",
    "exp",
    "grant_id",
    "iat",
    "iss",
    "jti",
    "may_act",
    "nbf",
    "nonce",
    "s_hash",
    "scope",
    "sid",
    "sub",
    "sub_id",
    "sub_jwk",
    "toe",
    "token_type",
    "txn",
    "typ",
    "vot",
];

/// Standard claims that applications find people by, or believe us to have checked: each is what it is, or not there.
const OWN_SOURCE_ALONE: [&str; 6] = ["email", "email_verified", "phone_number", "phone_number_verified", "address", "updated_at"];

/// Where the claims of a scope appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    IdToken,
    Userinfo,
    /// Access tokens (RFC 9068), and what introspection says of them.
    AccessToken,
}

/// What a scope is to people, and what it releases to applications that are granted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Definition {
    /// What the consent page says, by language tag.
    pub description: BTreeMap<String, String>,
    /// Where each claim comes from.
    pub claims: BTreeMap<String, Source>,
    #[serde(rename = "in")]
    pub places: BTreeSet<Place>,
    /// Of access tokens that have this scope, beside the issuer (RFC 9068 §3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            description: BTreeMap::new(),
            claims: BTreeMap::new(),
            places: BTreeSet::from([Place::IdToken, Place::Userinfo]),
            audience: None,
        }
    }
}

/// A rule that a definition breaks: the member, what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub member: String,
    pub what: String,
    pub change: String,
}

impl Broken {
    pub fn new(member: impl Into<String>, what: impl Into<String>, change: impl Into<String>) -> Self {
        Self { member: member.into(), what: what.into(), change: change.into() }
    }
}

impl Definition {
    /// As it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Every rule that it breaks. `languages`: the tags that a description may be for.
    #[must_use]
    pub fn broken(&self, languages: &[&str]) -> Vec<Broken> {
        let mut broken = Vec::new();
        for (language, text) in &self.description {
            let member = format!("description.{language}");
            if !languages.contains(&language.as_str()) {
                broken.push(Broken::new(&member, "no language of the pages", format!("Write one of {}.", languages.join(", "))));
            } else if text.trim().is_empty() || text.chars().count() > MAX_DESCRIPTION || text.chars().any(char::is_control) {
                broken.push(Broken::new(
                    &member,
                    "empty, longer than 200 characters, or of several lines",
                    "Say in a few words what it allows.",
                ));
            }
        }
        if self.claims.len() > MAX_CLAIMS {
            broken.push(Broken::new("claims", "more than 50", "Divide them among several scopes."));
        }
        broken.extend(self.claims.iter().filter_map(|(name, source)| broken_claim(name, source)));
        if self.places.is_empty() && !self.claims.is_empty() {
            broken.push(Broken::new("in", "empty, so that its claims appear nowhere", "Name id_token, userinfo or access_token."));
        }
        broken.extend(self.audience.as_deref().and_then(broken_audience));
        broken
    }
}

/// What is wrong with the name of a scope, if anything.
#[must_use]
pub fn broken_name(name: &str) -> Option<Broken> {
    let single = Scope::parse(name).is_some_and(|scope| scope.iter().eq([name]));
    if !single || name.len() > MAX_NAME {
        return Some(Broken::new(
            "name",
            "cannot be the name of a scope",
            "Write at most 100 printable ASCII characters without spaces, quotation marks and backslashes (RFC 6749 section 3.3).",
        ));
    }
    if Scope::KNOWN.contains(&name) {
        return Some(Broken::new("name", "a standard scope, which means what OpenID Connect says", "Choose another name."));
    }
    name.starts_with("vestibule").then(|| Broken::new("name", "names that begin with vestibule are our own", "Choose another name."))
}

fn broken_claim(name: &str, source: &Source) -> Option<Broken> {
    let member = format!("claims.{name}");
    let visible = name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'#'));
    if name.is_empty() || name.len() > MAX_CLAIM || !visible {
        return Some(Broken::new(
            member,
            "cannot be the name of a claim",
            "Write at most 200 visible ASCII characters, without quotation marks, backslashes and #.",
        ));
    }
    if RESERVED.contains(&name) {
        return Some(Broken::new(member, "a claim of the protocol, which nothing else may set", "Choose another name for the claim."));
    }
    if let Source::Constant { constant } = source
        && let Some(what) = source::broken_constant(constant)
    {
        return Some(Broken::new(member, what, "Write text, true or false, a whole number, or a list of texts."));
    }
    if OWN_SOURCE_ALONE.contains(&name) && source.attribute() != Some(name) {
        let what = format!("applications find or trust people by {name}, which only comes from {name} itself");
        return Some(Broken::new(member, what, "Choose another name for the claim."));
    }
    let standard_text = claims::supported().any(|standard| standard == name) && !OWN_SOURCE_ALONE.contains(&name);
    (standard_text && source.kind() != Kind::Text).then(|| {
        Broken::new(member, "a text by OpenID Connect Core section 5.1, and its source is none", "Choose another source, or another name.")
    })
}

fn broken_audience(audience: &str) -> Option<Broken> {
    let absolute = Url::parse(audience).is_ok_and(|url| url.fragment().is_none());
    let valid = absolute && audience.len() <= MAX_AUDIENCE && audience.bytes().all(|byte| byte.is_ascii_graphic());
    (!valid).then(|| Broken::new("audience", "not an absolute URI without fragment (RFC 8707 section 2)", "Write the address of the API."))
}

#[cfg(test)]
#[path = "custom_scope_tests.rs"]
mod tests;
