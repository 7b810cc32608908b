//! Refresh tokens: a sealed grant id and generation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::secret::{Purpose, Sealer};

/// So that scanners find leaked ones.
const PREFIX: &str = "vst_rt_";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    pub grant_id: Uuid,
    pub generation: i64,
}

/// Fixed-width binary under the AEAD, base64url, with the prefix `vst_rt_` so that scanners find leaks.
#[must_use]
pub fn seal(sealer: &Sealer, token: RefreshToken) -> String {
    let mut plain = [0; 24];
    let (id, generation) = plain.split_at_mut(16);
    id.copy_from_slice(token.grant_id.as_bytes());
    generation.copy_from_slice(&token.generation.to_be_bytes());
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealer.seal_bytes(Purpose::RefreshToken, PREFIX.as_bytes(), &plain)))
}

/// `None`: not one of ours. Whether it is the current generation, and the grant alive, the store knows.
#[must_use]
pub fn open(sealer: &Sealer, token: &str) -> Option<RefreshToken> {
    let sealed = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
    let plain = sealer.open_bytes(Purpose::RefreshToken, PREFIX.as_bytes(), &sealed)?;
    let (id, generation) = plain.split_first_chunk::<16>()?;
    Some(RefreshToken { grant_id: Uuid::from_bytes(*id), generation: i64::from_be_bytes(generation.try_into().ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{KeyEncryptionKey, random_id};

    #[test]
    fn comes_back_as_it_was_and_always_has_the_same_length() {
        let sealer = Sealer::new(&[KeyEncryptionKey::new([7; 32])]).unwrap();
        for generation in [0, 1, i64::MAX] {
            let token = RefreshToken { grant_id: random_id(), generation };
            let sealed = seal(&sealer, token);
            assert_eq!(sealed.len(), 7 + 92);
            assert_eq!(open(&sealer, &sealed), Some(token));
            assert_ne!(seal(&sealer, token), sealed, "two of the same are not recognised as the same from outside");
        }
    }

    #[test]
    fn forged_tokens_do_not_open() {
        let sealer = Sealer::new(&[KeyEncryptionKey::new([7; 32])]).unwrap();
        let stranger = Sealer::new(&[KeyEncryptionKey::new([8; 32])]).unwrap();
        let token = RefreshToken { grant_id: random_id(), generation: 3 };
        let sealed = seal(&sealer, token);
        for cut in 1..=3 {
            assert_eq!(open(&sealer, &sealed[..sealed.len() - cut]), None);
        }
        for forged in
            [format!("{sealed}="), format!("{sealed}AAAA"), sealed.replace("vst_rt_", "vst_ac_"), sealed[7..].to_owned(), String::new()]
        {
            assert_eq!(open(&sealer, &forged), None, "{forged}");
        }
        assert_eq!(open(&sealer, &seal(&stranger, token)), None);
    }
}
