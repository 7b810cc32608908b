//! PHC strings: what a stored hash says about itself.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};

/// What a stored hash may cost at most. Hashes are imported from elsewhere: one that asks for gigabytes or hours is not to be obeyed.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_ITERATIONS: u32 = 32;
/// Memory written over all passes together, in KiB: about a second of one core. Each bound by itself would allow half a minute.
const MAX_WORK_KIB: u64 = 1024 * 1024;
const MAX_LANES: u32 = 16;
/// Argon2's shortest salt in bytes (RFC 9106 §3.1), and the shortest output that is worth comparing with. The PHC string format has room for 48
/// and 64.
const MIN_SALT: usize = 8;
const MIN_OUTPUT: usize = 16;

/// Bytes of salt and of output of the hashes we make (RFC 9106 §4).
pub(super) const SALT: usize = 16;
pub(super) const OUTPUT: usize = 32;

/// The configured cost; lanes are always 1, because a hash never leaves its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) iterations: u32,
}

impl Cost {
    /// Raised to what Argon2 can do at all, so that a mistaken setting cannot make hashing impossible.
    pub(super) fn params(self) -> Params {
        let memory_kib = self.memory_kib.max(Params::MIN_M_COST);
        Params::new(memory_kib, self.iterations.max(Params::MIN_T_COST), 1, Some(OUTPUT)).unwrap_or(Params::DEFAULT)
    }
}

/// A stored hash, taken apart.
#[derive(Debug)]
pub(super) struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl Stored {
    /// `None` when it is no Argon2 hash, lacks salt or output or has too little of them, or costs more than we are willing to pay.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let work = u64::from(params.m_cost()).saturating_mul(u64::from(params.t_cost()));
        let within = params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_ITERATIONS && params.p_cost() <= MAX_LANES;
        if !within || work > MAX_WORK_KIB {
            return None;
        }
        let (salt, output) = (hash.salt.as_ref()?, hash.hash.as_ref()?.as_bytes());
        if salt.len() < MIN_SALT || output.len() < MIN_OUTPUT {
            return None;
        }
        Some(Self {
            algorithm: Algorithm::new(hash.algorithm.as_str()).ok()?,
            // A string without a version is of the first one (PHC string format, "Argon2 Encoding").
            version: hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?,
            salt: salt.to_vec(),
            output: output.to_vec(),
            params,
        })
    }

    pub(super) fn argon2(&self) -> Argon2<'static> {
        Argon2::new(self.algorithm, self.version, self.params.clone())
    }

    /// Whether we would make it like this today.
    pub(super) fn is_current(&self, cost: Cost) -> bool {
        let wanted = cost.params();
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.salt.len() >= SALT
            && self.output.len() == OUTPUT
            && (self.params.m_cost(), self.params.t_cost(), self.params.p_cost()) == (wanted.m_cost(), wanted.t_cost(), wanted.p_cost())
            && self.params.data().is_empty()
    }
}

/// How we hash.
pub(super) fn ours(cost: Cost) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params())
}

/// The PHC string of a hash made by [`ours`].
pub(super) fn encode(cost: Cost, salt: &[u8], output: &[u8]) -> Option<String> {
    // The length of the output shows in the output: only the costs are parameters of the string.
    let params = Params::new(cost.params().m_cost(), cost.params().t_cost(), 1, None).ok()?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(Output::new(output).ok()?),
    };
    Some(hash.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COST: Cost = Cost { memory_kib: 64, iterations: 1 };

    #[test]
    fn what_is_encoded_is_parsed_as_current() {
        let text = encode(COST, &[7; SALT], &[9; OUTPUT]).unwrap();
        let stored = Stored::parse(&text).unwrap();
        assert_eq!((stored.salt.as_slice(), stored.output.as_slice()), ([7; SALT].as_slice(), [9; OUTPUT].as_slice()));
        assert!(stored.is_current(COST));
        assert!(!stored.is_current(Cost { iterations: 2, ..COST }));
        assert!(!stored.is_current(Cost { memory_kib: 128, ..COST }));
    }

    #[test]
    fn hashes_that_cost_too_much_are_not_obeyed() {
        let text = |m: u32, t: u32, p: u32| {
            format!("$argon2id$v=19$m={m},t={t},p={p}$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
        };
        assert!(Stored::parse(&text(MAX_MEMORY_KIB, 4, MAX_LANES)).is_some());
        assert!(Stored::parse(&text(MAX_MEMORY_KIB, 5, 1)).is_none());
        assert!(Stored::parse(&text(32 * 1024, MAX_ITERATIONS, 1)).is_some());
        assert!(Stored::parse(&text(32 * 1024 + 1, MAX_ITERATIONS, 1)).is_none());
        assert!(Stored::parse(&text(MAX_MEMORY_KIB + 1, 1, 1)).is_none());
        assert!(Stored::parse(&text(64, MAX_ITERATIONS + 1, 1)).is_none());
        assert!(Stored::parse(&text(1024, 1, MAX_LANES + 1)).is_none());
        assert!(Stored::parse(&text(u32::MAX, u32::MAX, 1)).is_none());
    }

    #[test]
    fn other_algorithms_and_halves_of_hashes_are_not_ours() {
        for text in [
            "",
            "correct horse",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$scrypt$ln=15,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA",
            "$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ] {
            assert!(Stored::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_mistaken_cost_still_hashes() {
        assert_eq!(Cost { memory_kib: 0, iterations: 0 }.params().m_cost(), Params::MIN_M_COST);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn anything_can_be_parsed_without_a_panic(text in "\\PC*") {
            let _ = Stored::parse(&text);
            let _ = Stored::parse(&format!("$argon2id${text}"));
        }
    }
}
