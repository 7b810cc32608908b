//! Password hashing: Argon2id on a pool of threads that reuse their memory.

use crate::config;
use crate::secret::Secret;

/// The pool's queue is full, or the deadline has passed: 503 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins at once")]
pub struct Busy;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    /// Right; `rehash` is the new PHC string when the stored one was made with other parameters.
    Right {
        rehash: Option<String>,
    },
}

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    #[error("at least {min} characters, not {typed}")]
    TooShort { min: usize, typed: usize },
    #[error("at most 128 characters")]
    TooLong,
    #[error("must not contain a NUL character")]
    Nul,
}

/// Hash threads with reused memory, a bounded queue and a deadline. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {}

impl Passwords {
    /// Starts the threads.
    #[must_use]
    pub fn start(config: &config::Password) -> Self {
        todo!()
    }

    /// One Argon2id computation, whatever `hash` is: against a dummy when there is none. The password is NFC-normalised;
    /// longer than 512 bytes or 128 code points is `Wrong` (after the same work).
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn verify(&self, password: Secret<String>, hash: Option<String>) -> Result<Verdict, Busy> {
        todo!()
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn hash(&self, password: Secret<String>) -> Result<String, Busy> {
        todo!()
    }

    /// Hashes waiting and running, for metrics: `(waiting, running)`.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        todo!()
    }
}

/// Whether a new password is acceptable.
///
/// # Errors
/// Why not.
pub fn check_new(password: &str, config: &config::Password) -> Result<(), Unacceptable> {
    todo!()
}
