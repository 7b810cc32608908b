//! `[password]`: how passwords are hashed and what is accepted as one.

use serde::{Deserialize, Serialize};

use super::types::Span;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Password {
    /// Argon2id memory per hash, in KiB. At least 19456 with `iterations = 2`, the OWASP minimum, or one of its equals (47104 with 1, 12288 with 3, 9216 with 4, 7168 with 5).
    /// Less is accepted only while the issuer is plain http on loopback: for tests and development.
    pub memory_kib: u32,
    /// Argon2id passes over the memory.
    pub iterations: u32,
    /// Hashes computed at once; 0 means as many as cores, one fewer from three cores up. Memory needed: `hash_threads` × `memory_kib`.
    pub hash_threads: usize,
    /// Sign-ins that may wait for a hash thread; more get 503 with `Retry-After`.
    pub hash_queue: usize,
    /// A sign-in that got no hash thread by then gets 503 with `Retry-After`.
    pub hash_deadline: Span,
    /// Shortest password accepted, in Unicode code points (NIST SP 800-63B-4 §3.1.1.2: 15 where it is the only factor).
    pub min_length: usize,
    /// Where new passwords are looked up in data leaks, such as `https://pwned.example/range/`: the first five digits of the SHA-1 are added, nothing else leaves the
    /// house. Without it, or without an answer within three seconds, nothing is looked up.
    pub breach_lookup_url: Option<String>,
}

impl Default for Password {
    fn default() -> Self {
        Self {
            // OWASP's equal of 46 MiB and one pass, for less than half the memory: decision 0026.
            memory_kib: 19_456,
            iterations: 2,
            hash_threads: 0,
            hash_queue: 64,
            hash_deadline: Span::secs(1),
            min_length: 15,
            breach_lookup_url: None,
        }
    }
}
