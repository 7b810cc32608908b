//! Password hashing: Argon2id on a pool of threads that reuse their memory.
//!
//! Owns: how a password becomes a PHC string and is compared with one; which new passwords are acceptable; how many are hashed at once.
//! Must not: know whose password it is, beyond the [`Context`] it is chosen in. RFC 9106, NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5 §6.2 and §11.4.

mod blocklist;
mod breach;
mod context;
mod estimate;
mod foreign;
mod hasher;
mod new;
mod patterns;
mod phc;
mod policy;
mod pool;

pub use context::{Context, Source};
pub use estimate::Weakness;
pub use new::check_new;
pub use policy::{Unacceptable, check};

use std::sync::Arc;

use hasher::Hasher;
use pool::{Pool, PoolSize};
use tracing::Instrument as _;

use crate::config;
use crate::secret::Secret;
use crate::telemetry::SPANS;
use crate::telemetry::metrics::Metrics;

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

/// Whether [`Passwords::verify`] can compare a password with this PHC string at all: Argon2, with at most 256 MiB, 32 iterations and 16 lanes, a salt
/// of 8 to 48 bytes and an output of 16 to 64.
#[must_use]
pub fn is_verifiable(phc: &str) -> bool {
    phc::Stored::parse(phc).is_some()
}

/// Whether it is a hash of another product that [`Passwords::verify`] can compare with (bcrypt, PBKDF2, scrypt), to be replaced by Argon2id at the next
/// sign-in.
#[must_use]
pub fn is_importable(hash: &str) -> bool {
    foreign::Foreign::parse(hash).is_some()
}

/// Hash threads with reused memory, a bounded queue and a deadline. Cheap to clone; the threads end with the last clone.
#[derive(Clone)]
pub struct Passwords(Arc<Pool>);

impl Passwords {
    /// Starts the threads.
    #[must_use]
    pub fn start(config: &config::Password) -> Self {
        let size = PoolSize { threads: threads(config.hash_threads), queue: config.hash_queue, deadline: config.hash_deadline.0 };
        let cost = phc::Cost { memory_kib: config.memory_kib, iterations: config.iterations };
        Self(Arc::new(Pool::start(&size, || Hasher::new(cost))))
    }

    /// How many threads these settings start.
    #[must_use]
    pub fn threads(config: &config::Password) -> usize {
        threads(config.hash_threads)
    }

    /// Counts its hashes there from now on.
    #[must_use]
    pub fn measured(self, metrics: &Metrics) -> Self {
        self.0.measure(metrics);
        self
    }

    /// One Argon2id computation, whatever `hash` is: against a dummy when there is none. The password is NFC-normalised;
    /// longer than 512 bytes or 128 code points is `Wrong` (after the same work).
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn verify(&self, password: Secret<String>, hash: Option<String>) -> Result<Verdict, Busy> {
        let span = tracing::trace_span!(target: SPANS, "password verify");
        self.0.run(move |hasher| hasher.verify(&password, hash.as_deref())).instrument(span).await?
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn hash(&self, password: Secret<String>) -> Result<String, Busy> {
        let span = tracing::trace_span!(target: SPANS, "password hash");
        self.0.run(move |hasher| hasher.hash(&password)).instrument(span).await?
    }

    /// Hashes waiting and running, for metrics: `(waiting, running)`.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        self.0.load()
    }
}

/// As many as cores, and from three cores up one fewer: requests that need no hash are not to wait for those that do.
fn threads(configured: usize) -> usize {
    if configured > 0 {
        return configured;
    }
    match std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
        cores @ (1 | 2) => cores,
        cores => cores - 1,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;
    use crate::config::Span;

    fn cheap() -> config::Password {
        config::Password { memory_kib: 64, iterations: 1, hash_threads: 2, hash_deadline: Span::secs(60), ..config::Password::default() }
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn what_was_hashed_is_right_and_nothing_else_is() {
        let passwords = Passwords::start(&cheap());
        let hash = passwords.hash(secret("correct horse battery staple")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let right = passwords.verify(secret("correct horse battery staple"), Some(hash.clone())).await;
        assert_eq!(right, Ok(Verdict::Right { rehash: None }));
        for wrong in ["", "correct horse battery stapl", "Correct horse battery staple", "correct horse battery staple "] {
            assert_eq!(passwords.verify(secret(wrong), Some(hash.clone())).await, Ok(Verdict::Wrong));
        }
        assert_eq!(passwords.verify(secret("correct horse battery staple"), None).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_made_again() {
        let passwords = Passwords::start(&config::Password { memory_kib: 32, ..cheap() });
        let old = passwords.hash(secret("correct horse battery staple")).await.unwrap();
        let passwords = Passwords::start(&cheap());
        let Ok(Verdict::Right { rehash: Some(new) }) = passwords.verify(secret("correct horse battery staple"), Some(old)).await else {
            panic!("not right, or not hashed again");
        };
        assert!(new.starts_with("$argon2id$v=19$m=64,"));
        assert_eq!(passwords.verify(secret("correct horse battery staple"), Some(new)).await, Ok(Verdict::Right { rehash: None }));
    }

    #[test]
    fn salts_and_outputs_have_the_lengths_that_can_be_verified() {
        let phc = |salt: usize, output: usize| {
            format!("$argon2id$v=19$m=64,t=1,p=1${}${}", STANDARD_NO_PAD.encode(vec![7; salt]), STANDARD_NO_PAD.encode(vec![9; output]))
        };
        for (salt, output, verifiable) in
            [(8, 16, true), (48, 64, true), (7, 32, false), (49, 32, false), (64, 32, false), (16, 15, false), (16, 65, false)]
        {
            assert_eq!(is_verifiable(&phc(salt, output)), verifiable, "{salt} {output}");
        }
        assert!(!is_verifiable(""));
    }

    #[test]
    fn a_configured_number_of_threads_is_kept() {
        assert_eq!(threads(7), 7);
        assert!(threads(0) > 0);
    }
}
