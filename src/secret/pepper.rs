//! A pepper: a secret key of the whole service, without which a digest of something short says nothing (NIST SP 800-63B §3.1.1.2, SECURITY §3).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::digest::Digest;

/// 256 bits that are in no database in clear.
#[derive(Clone)]
pub struct Pepper(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[pepper]")
    }
}

impl Pepper {
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// HMAC-SHA-256 of `message`. `None` cannot happen: HMAC takes keys of any length.
    #[must_use]
    pub fn digest(&self, message: &[u8]) -> Option<Digest> {
        let hmac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        Some(Digest::from_bytes(hmac.chain_update(message).finalize().into_bytes().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_hmac_sha_256() {
        // RFC 4231 §4.7: a key longer than a block is not ours; §4.3's method with a key of 32 bytes.
        let digest = Pepper::new([0x0b; 32]).digest(b"Hi There").unwrap();
        assert_ne!(digest, Digest::of(b"Hi There"));
        assert_eq!(digest, Pepper::new([0x0b; 32]).digest(b"Hi There").unwrap());
        assert_ne!(digest, Pepper::new([0x0c; 32]).digest(b"Hi There").unwrap());
        assert_eq!(format!("{:?}", Pepper::new([7; 32])), "[pepper]");
    }
}
