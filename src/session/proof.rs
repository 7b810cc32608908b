//! Proofs: values that only a verifier can make.

use uuid::Uuid;

use super::pending::Pending;
use crate::clock::Timestamp;
use crate::store::sessions::Session;

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

/// What was given beside the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    Totp,
    RecoveryCode,
    EmailCode,
    /// Nothing was given: it was given on this device not long ago.
    TrustedDevice,
    /// `hardware`: the key cannot leave the authenticator.
    Passkey {
        hardware: bool,
    },
}

/// That a person has just given a second factor. Made by `mfa` alone.
#[derive(Debug)]
pub struct SecondFactorProof {
    user_id: Uuid,
    at: Timestamp,
    factor: SecondFactor,
}

impl SecondFactorProof {
    /// For the verifiers of `mfa`; `tests/suite/architecture.rs` holds every other caller off.
    pub(crate) const fn witnessed(user_id: Uuid, factor: SecondFactor, at: Timestamp) -> Self {
        Self { user_id, at, factor }
    }

    #[must_use]
    pub const fn user_id(&self) -> Uuid {
        self.user_id
    }

    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    #[must_use]
    pub const fn factor(&self) -> SecondFactor {
        self.factor
    }
}

/// What a session is made from.
#[derive(Debug)]
pub struct Proofs {
    pub(super) first: First,
    pub(super) second: Option<SecondFactorProof>,
}

/// What the second factor comes on top of.
#[derive(Debug)]
pub(super) enum First {
    Password(PasswordProof),
    /// The password of a sign-in that waited for its second factor.
    Pending(Box<Pending>),
    /// That of the session there is: only the second factor was asked for.
    Session(Box<Session>),
    /// Nothing: a passkey with user verification is both factors in one.
    Passkey,
}

impl From<PasswordProof> for Proofs {
    fn from(password: PasswordProof) -> Self {
        Self { first: First::Password(password), second: None }
    }
}

impl Proofs {
    /// The password, and if there is one a second factor.
    #[must_use]
    pub const fn password(password: PasswordProof, second: Option<SecondFactorProof>) -> Self {
        Self { first: First::Password(password), second }
    }

    /// The second factor that a pending sign-in waited for.
    #[must_use]
    pub fn pending(pending: &Pending, second: SecondFactorProof) -> Self {
        Self { first: First::Pending(Box::new(pending.clone())), second: Some(second) }
    }

    /// A second factor on top of a live session (RFC 9470).
    #[must_use]
    pub fn session(session: &Session, second: SecondFactorProof) -> Self {
        Self { first: First::Session(Box::new(session.clone())), second: Some(second) }
    }

    /// A passkey whose authenticator verified the person.
    #[must_use]
    pub const fn passkey(passkey: SecondFactorProof) -> Self {
        Self { first: First::Passkey, second: Some(passkey) }
    }

    /// Whether all of them are of this person, and a passkey stands where nothing else does.
    pub(super) fn are_of(&self, user_id: Uuid) -> bool {
        let second = self.second.as_ref();
        let first = match &self.first {
            First::Password(proof) => proof.user_id == user_id,
            First::Pending(pending) => pending.user_id() == user_id,
            First::Session(session) => session.user_id == user_id,
            First::Passkey => second.is_some_and(|second| matches!(second.factor, SecondFactor::Passkey { .. })),
        };
        first && second.is_none_or(|second| second.user_id == user_id)
    }
}
