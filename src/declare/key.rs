//! What a declared object is called.

use std::fmt;

/// A kind and an id, such as `client tickets`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub kind: &'static str,
    /// The client id, the scope's name, the organisation's id or the canonical address.
    pub id: String,
}

impl Key {
    /// The kinds, in the order in which they are brought about.
    pub const KINDS: [&'static str; 4] = ["organization", "scope", "client", "user"];

    #[must_use]
    pub fn client(id: &str) -> Self {
        Self { kind: "client", id: id.to_owned() }
    }

    #[must_use]
    pub fn scope(name: &str) -> Self {
        Self { kind: "scope", id: name.to_owned() }
    }

    #[must_use]
    pub fn organization(id: &str) -> Self {
        Self { kind: "organization", id: id.to_owned() }
    }

    #[must_use]
    pub fn user(email: &str) -> Self {
        Self { kind: "user", id: email.to_owned() }
    }

    /// `None` when it names no kind.
    #[must_use]
    pub fn of(kind: &str, id: &str) -> Option<Self> {
        let kind = Self::KINDS.into_iter().find(|known| *known == kind)?;
        Some(Self { kind, id: id.to_owned() })
    }

    /// As problems name it: `clients[tickets]`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}s[{}]", self.kind, self.id)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}
