//! Passwords that many people use: a Bloom filter made of published lists and compiled into the program (docs/decisions/0013).
//!
//! `README.md` here says of which lists, and how the filter is made.

use fastbloom::{BloomFilter, DefaultHasher};

use super::patterns::{fold, unit};
use crate::secret::Digest;

/// The filter's words, big-endian.
const WORDS: &[u8] = include_bytes!("common.bloom");
const HASHES: u32 = 17;

/// Shorter entries were left out: no policy accepts passwords of that length.
pub(super) const SHORTEST: usize = 8;

/// With at most this many digits and signs around it, a common password is still one.
const AFFIX: usize = 6;

/// The filter is as stateless as the list it was made of: the hash it is asked with is our own.
pub(super) struct Blocklist(BloomFilter<DefaultHasher>);

impl Blocklist {
    /// The one compiled into the program.
    pub(super) fn embedded() -> Self {
        let words = WORDS.chunks_exact(8).filter_map(|chunk| chunk.try_into().ok()).map(u64::from_be_bytes);
        Self::from_words(words.collect())
    }

    fn from_words(words: Vec<u64>) -> Self {
        Self(BloomFilter::from_vec(words).seed(&0).hashes(HASHES))
    }

    /// Whether a password is on the list: as it is, in lower case, with signs for letters, repeated, or with a few digits or signs around it.
    pub(super) fn has(&self, password: &str) -> bool {
        let lower = password.to_lowercase();
        let core = lower.trim_matches(|c: char| !c.is_alphabetic());
        let mut candidates = vec![fold(&lower)];
        if lower.chars().count() - core.chars().count() <= AFFIX {
            candidates.extend([core.to_owned(), fold(core)]);
        }
        candidates.extend(unit(&lower));
        candidates.push(lower);
        candidates.iter().any(|candidate| candidate.chars().count() >= SHORTEST && self.contains(candidate))
    }

    fn contains(&self, text: &str) -> bool {
        self.0.contains_hash(hash(text))
    }
}

/// The start of the text's SHA-256: the same on every machine and with every version of every library.
fn hash(text: &str) -> u64 {
    Digest::of(text.as_bytes()).as_bytes().first_chunk().map_or(0, |start| u64::from_be_bytes(*start))
}

#[cfg(test)]
mod tests;
