//! Scopes (RFC 6749 §3.3).

use std::collections::BTreeSet;

/// A set of scope values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(BTreeSet<String>);

impl Scope {
    /// The scopes we know, in the order of the metadata.
    pub const KNOWN: [&'static str; 6] = ["openid", "profile", "email", "address", "phone", "offline_access"];
    pub const MAX_BYTES: usize = 1024;
    pub const MAX_VALUES: usize = 50;

    /// From space-separated text. `None` when a value has a character outside `NQCHAR`, or it is too long.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let valid = |value: &&str| value.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
        let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
        if text.len() > Self::MAX_BYTES || values.len() > Self::MAX_VALUES || !values.iter().all(valid) {
            return None;
        }
        Some(Self(values.into_iter().map(str::to_owned).collect()))
    }

    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.0.contains(value)
    }

    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    #[must_use]
    pub fn without(&self, value: &str) -> Self {
        Self(self.0.iter().filter(|v| *v != value).cloned().collect())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.iter().collect::<Vec<_>>().join(" "))
    }
}
