//! Proofs: values that only a verifier can make.

use uuid::Uuid;

use crate::clock::Timestamp;

/// That a person has just given the right password. Made by `account::password` alone.
#[derive(Debug)]
pub struct PasswordProof {
    user_id: Uuid,
    at: Timestamp,
}

impl PasswordProof {
    /// For `account::sign_in`, after a verification that succeeded; `tests/suite/architecture.rs` holds every other caller off.
    pub(crate) const fn witnessed(user_id: Uuid, at: Timestamp) -> Self {
        Self { user_id, at }
    }

    #[must_use]
    pub const fn user_id(&self) -> Uuid {
        self.user_id
    }

    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}
