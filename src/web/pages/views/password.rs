//! A new password, wherever it is chosen: `components/password.html` has its words.

use serde::Serialize;

/// What is wrong with a new password. Texts: `password-problem-<kind>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PasswordProblem {
    Missing,
    TooShort {
        min: usize,
        typed: usize,
    },
    TooLong,
    Common,
    Leaked,
    ContainsEmail,
    ContainsName,
    ContainsBrand,
    Repeated,
    Sequence,
    /// Easy to guess. Ids of texts that say why and what helps: `password-why-<warning>`, `password-advice-<suggestion>`.
    Weak {
        warning: Option<&'static str>,
        advice: Vec<&'static str>,
    },
    SameAsOld,
}

impl PasswordProblem {
    /// The ids that `Weak` may carry.
    pub const WARNINGS: [&'static str; 11] = [
        "keyboard-row",
        "keyboard-pattern",
        "repeats",
        "repeated-words",
        "common",
        "similar-to-common",
        "sequence",
        "year",
        "word",
        "date",
        "name",
    ];
    pub const ADVICE: [&'static str; 9] =
        ["few-words", "add-words", "capitals", "reversed", "substitutions", "keyboard-turns", "no-repeats", "no-sequences", "no-dates"];
}
