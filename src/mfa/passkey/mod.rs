//! Passkeys (WebAuthn Level 3): the only place that knows `webauthn-rs`.
//!
//! Two ceremonies: setting one up ([`register`]) and being asked for one ([`ask`], then [`verify`] for a person we know, or [`sign_in`] for whoever comes).
//! What is asked goes to the browser with the page; the challenge comes back sealed beside the answer, bound to the browser, to the session or sign-in it
//! was made for, and good for once ([decision 0015](../../../docs/decisions/0015-passkeys.md)).

mod assertion;
mod ceremony;
mod changes;
mod registration;
mod sign_in;

pub(super) use assertion::Assertion;
pub use assertion::verify;
pub use ceremony::{Answer, Ceremony, ask, ask_alone, ask_of, ask_to_register};
pub use changes::{Removal, remove, rename};
pub use registration::{Registered, register};
pub use sign_in::{Attempt, list_alone, sign_in, stands_alone};

/// Of one person at most.
pub const MOST: u64 = 20;

/// Characters of a name at most.
const LONGEST_NAME: usize = 60;

/// A name as it is kept: one line, not too long. `None` when there is nothing to read in it.
#[must_use]
pub fn name(typed: &str) -> Option<String> {
    let line: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name: String = line.trim().chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_not_too_long() {
        assert_eq!(name("  My\nphone ").as_deref(), Some("My phone"));
        assert_eq!(name(&"é".repeat(100)).map(|name| name.chars().count()), Some(60));
        assert_eq!(name(" \t\n"), None);
    }
}
