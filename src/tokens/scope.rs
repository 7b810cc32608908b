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

    /// The values for which `keep` holds.
    #[must_use]
    pub fn retained(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|value| keep(value)).cloned().collect())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn order_repetition_and_spaces_do_not_matter() {
        assert_eq!(scope("openid email"), scope("  email openid  openid "));
        assert_eq!(scope("profile openid email").to_string(), "email openid profile");
        assert!(scope("").is_empty());
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        // RFC 6749 §3.3: %x21 / %x23-5B / %x5D-7E, and single spaces between them.
        for refused in ["open\"id", "open\\id", "openid\temail", "openid\n", "openid\u{7f}", "opénid", "\0"] {
            assert_eq!(Scope::parse(refused), None, "{refused:?}");
        }
        assert!(Scope::parse("https://api.example/read:all !#[]^_~").is_some());
    }

    #[test]
    fn more_than_anybody_needs_is_refused() {
        let values = |count: usize| (0..count).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        assert!(Scope::parse(&values(Scope::MAX_VALUES)).is_some());
        assert!(Scope::parse(&values(Scope::MAX_VALUES + 1)).is_none());
        assert!(Scope::parse(&"a".repeat(Scope::MAX_BYTES)).is_some());
        assert!(Scope::parse(&"a".repeat(Scope::MAX_BYTES + 1)).is_none());
    }

    #[test]
    fn sets_behave_as_sets() {
        let (asked, allowed) = (scope("openid email admin"), scope("openid email profile"));
        assert_eq!(asked.intersection(&allowed), scope("email openid"));
        assert_eq!(asked.union(&allowed), scope("admin email openid profile"));
        assert_eq!(asked.without("admin"), scope("openid email"));
        assert!(!asked.is_subset(&allowed) && asked.intersection(&allowed).is_subset(&allowed));
        assert!(scope("openidx").iter().all(|value| value != "openid"), "values are compared whole");
    }

    proptest! {
        #[test]
        fn whatever_parses_prints_and_parses_to_the_same(text in "[ -~]{0,80}") {
            if let Some(parsed) = Scope::parse(&text) {
                prop_assert_eq!(Scope::parse(&parsed.to_string()), Some(parsed));
            }
        }

        /// RFC 6749 §3.3, read the other way: what parses is made of `NQCHAR` only, and is never more than was sent.
        #[test]
        fn what_parses_keeps_to_the_grammar(text in "\\PC{0,40}|[ -~\\x00\\t\\n]{0,40}") {
            let in_grammar = text.chars().all(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'));
            let parsed = Scope::parse(&text);
            prop_assert_eq!(parsed.is_some(), in_grammar);
            prop_assert!(parsed.unwrap_or_default().iter().all(|value| text.split(' ').any(|sent| sent == value)));
        }

        #[test]
        fn an_intersection_has_nothing_that_either_lacks(one in "[a-d ]{0,20}", other in "[a-d ]{0,20}") {
            let (one, other) = (scope(&one), scope(&other));
            let both = one.intersection(&other);
            prop_assert!(both.is_subset(&one) && both.is_subset(&other));
            prop_assert!(one.iter().all(|value| both.contains(value) == other.contains(value)));
        }
    }
}
