//! With which algorithms clients may sign what proves who they are.

use serde::{Deserialize, Serialize};

/// JWS algorithms of client assertions (RFC 7518 §3.1, RFC 8037 §3.1). Neither `none` nor an HMAC has a name here: a public key is never a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AssertionAlgorithm {
    RS256,
    PS256,
    ES256,
    ES384,
    /// On Ed25519 alone. RFC 9864 calls exactly that `Ed25519`, and newer libraries write it.
    #[serde(alias = "Ed25519")]
    EdDSA,
}

impl AssertionAlgorithm {
    pub const ALL: [Self; 5] = [Self::RS256, Self::PS256, Self::ES256, Self::ES384, Self::EdDSA];
    /// Every name by which one is taken.
    pub const NAMES: [&str; 6] = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "Ed25519" { Some(Self::EdDSA) } else { Self::ALL.into_iter().find(|algorithm| algorithm.name() == name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_of_an_algorithm_and_no_other_text_is() {
        assert!(AssertionAlgorithm::NAMES.iter().all(|name| AssertionAlgorithm::named(name).is_some()));
        for other in ["none", "None", "", "HS256", "HS512", "RS512", "ES256K", "ES512", "Ed448", "rs256", "RS256 "] {
            assert_eq!(AssertionAlgorithm::named(other), None, "{other}");
        }
        for algorithm in AssertionAlgorithm::ALL {
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
            assert_eq!(AssertionAlgorithm::named(algorithm.name()), Some(algorithm));
        }
    }
}
