//! One thread's Argon2, with its own memory.

use argon2::Argon2;
use vestibule_arena::Arena;

use super::foreign::Foreign;
use super::phc::{self, Cost, OUTPUT, SALT, Stored};
use super::policy::normalize;
use super::{Busy, Verdict};
use crate::secret::{self, Secret};

/// Hashes and verifies, one at a time, in memory that it keeps.
pub(super) struct Hasher {
    cost: Cost,
    /// `None` when the system had none to give at the start: then each hash asks again.
    arena: Option<Arena>,
}

impl Hasher {
    pub(super) fn new(cost: Cost) -> Self {
        let arena = Arena::new(cost.params().block_count());
        if let Err(error) = &arena {
            tracing::error!(%error, "no memory for password hashing");
        }
        Self { cost, arena: arena.ok() }
    }

    /// Whether `password` is the one behind `hash`. A missing, foreign or unreadable hash, and a password that nobody can have, cost what
    /// a verification costs and are wrong.
    pub(super) fn verify(&mut self, password: &Secret<String>, hash: Option<&str>) -> Result<Verdict, Busy> {
        if let Some(foreign) = hash.and_then(Foreign::parse) {
            return self.verify_foreign(&foreign, password);
        }
        let password = normalize(password.expose()).ok();
        let typed = password.as_ref().map_or(b"".as_slice(), |password| password.expose().as_bytes());
        let Some(stored) = hash.and_then(Stored::parse) else {
            self.compute(&phc::ours(self.cost), typed, &[0; SALT], &mut [0; OUTPUT])?;
            return Ok(Verdict::Wrong);
        };
        let mut output = vec![0; stored.output.len()];
        self.compute(&stored.argon2(), typed, &stored.salt, &mut output)?;
        if !secret::equal(&output, &stored.output) || password.is_none() {
            return Ok(Verdict::Wrong);
        }
        let rehash = if stored.is_current(self.cost) { None } else { self.encode(typed)? };
        Ok(Verdict::Right { rehash })
    }

    /// The other product knew nothing of NFC: what was typed is compared as it was typed. What replaces the hash is ours in everything.
    fn verify_foreign(&mut self, foreign: &Foreign, password: &Secret<String>) -> Result<Verdict, Busy> {
        let Ok(normal) = normalize(password.expose()) else { return Ok(Verdict::Wrong) };
        let differs = normal.expose() != password.expose();
        let right = foreign.verify(password.expose()) || (differs && foreign.verify(normal.expose()));
        if !right {
            return Ok(Verdict::Wrong);
        }
        Ok(Verdict::Right { rehash: self.encode(normal.expose().as_bytes())? })
    }

    /// The PHC string of a password that `check_new` accepted.
    pub(super) fn hash(&mut self, password: &Secret<String>) -> Result<String, Busy> {
        let password = normalize(password.expose()).map_err(|_| Busy)?;
        self.encode(password.expose().as_bytes())?.ok_or(Busy)
    }

    fn encode(&mut self, password: &[u8]) -> Result<Option<String>, Busy> {
        let salt = secret::random_bytes::<SALT>();
        let mut output = [0; OUTPUT];
        self.compute(&phc::ours(self.cost), password, &salt, &mut output)?;
        Ok(phc::encode(self.cost, &salt, &output))
    }

    /// One Argon2 computation: in the kept memory, or in memory of its own when it needs more.
    fn compute(&mut self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8], output: &mut [u8]) -> Result<(), Busy> {
        let blocks = argon2.params().block_count();
        let mut own = None;
        let kept = self.arena.as_mut().filter(|arena| arena.len() >= blocks);
        let arena = match kept {
            Some(arena) => arena,
            None => own.insert(Arena::new(blocks).map_err(|error| {
                tracing::error!(%error, "no memory for password hashing");
                Busy
            })?),
        };
        let memory = arena.lend(blocks).ok_or(Busy)?;
        argon2.hash_password_into_with_memory(password, salt, output, memory).map_err(|error| {
            tracing::error!(%error, "Argon2 refused its input");
            Busy
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Cost = Cost { memory_kib: 64, iterations: 1 };

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    /// RFC 9106's own implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 4 -e` (its README).
    const IMPORTED: &str = "$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Exs1j0iA9iXVDm1dCeF5V7Y";

    #[test]
    fn a_hash_of_the_reference_implementation_is_verified_and_made_again() {
        let mut hasher = Hasher::new(COST);
        assert_eq!(hasher.verify(&secret("Password"), Some(IMPORTED)), Ok(Verdict::Wrong));
        let verdict = hasher.verify(&secret("password"), Some(&reference_hash()));
        assert!(matches!(verdict, Ok(Verdict::Right { rehash: Some(_) })), "{verdict:?}");
    }

    /// An Argon2i hash of four lanes and 1 MiB, made without our code.
    fn reference_hash() -> String {
        use argon2::password_hash::CustomizedPasswordHasher as _;
        let params = argon2::Params::new(1024, 2, 4, None).unwrap();
        Argon2::default().hash_password_customized(b"password", b"somesaltsomesalt", Some("argon2i"), Some(19), params).unwrap().to_string()
    }

    #[test]
    fn a_password_nobody_can_have_is_wrong_even_when_its_stand_in_would_match() {
        let mut hasher = Hasher::new(COST);
        let empty = hasher.hash(&secret("")).unwrap();
        assert_eq!(hasher.verify(&secret(&"a".repeat(513)), Some(&empty)), Ok(Verdict::Wrong));
        assert_eq!(hasher.verify(&secret("a\0b"), Some(&empty)), Ok(Verdict::Wrong));
    }

    #[test]
    fn composed_and_decomposed_verify_alike() {
        let mut hasher = Hasher::new(COST);
        let hash = hasher.hash(&secret("cafe\u{301} au lait, s'il")).unwrap();
        assert_eq!(hasher.verify(&secret("caf\u{e9} au lait, s'il"), Some(&hash)), Ok(Verdict::Right { rehash: None }));
    }

    #[test]
    fn two_hashes_of_one_password_differ() {
        let mut hasher = Hasher::new(COST);
        assert_ne!(hasher.hash(&secret("correct horse")), hasher.hash(&secret("correct horse")));
    }

    #[test]
    fn foreign_hashes_are_wrong() {
        let mut hasher = Hasher::new(COST);
        for hash in ["", "plain", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"] {
            assert_eq!(hasher.verify(&secret("plain"), Some(hash)), Ok(Verdict::Wrong));
        }
    }
}
