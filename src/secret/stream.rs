//! Sealing what is too long to be held in memory: a stream of chunks.
//!
//! The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015) over
//! XChaCha20-Poly1305: the position of a chunk, and whether it is the last, are part of its nonce. A stream that was cut, continued, put in another order or
//! mixed with another one does not open.

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::XChaCha20Poly1305;

use super::seal::{Purpose, Sealer};

/// Bytes of plain text in every chunk but the last, which may have fewer.
pub const CHUNK: usize = 64 * 1024;
/// By how many bytes a sealed chunk is longer.
pub const TAG: usize = 16;
/// Bytes of the nonce of a stream, drawn at random: the rest of a chunk's nonce is its position.
pub const STREAM_NONCE: usize = 19;

/// A chunk that cannot be sealed (the stream has more than 2^32), or does not open.
#[derive(Debug, thiserror::Error)]
#[error("the stream was changed, cut or put together from several")]
pub struct StreamError;

/// Seals chunk after chunk. `head` goes with each of them, authenticated and not stored.
pub struct StreamSealer {
    encryptor: EncryptorBE32<XChaCha20Poly1305>,
    head: Vec<u8>,
}

impl StreamSealer {
    /// A chunk of [`CHUNK`] bytes, in place.
    ///
    /// # Errors
    /// After 2^32 chunks.
    pub fn next(&mut self, chunk: &mut Vec<u8>) -> Result<(), StreamError> {
        self.encryptor.encrypt_next_in_place(&self.head, chunk).map_err(|_| StreamError)
    }

    /// The last chunk, which may be empty.
    ///
    /// # Errors
    /// After 2^32 chunks.
    pub fn last(self, chunk: &mut Vec<u8>) -> Result<(), StreamError> {
        self.encryptor.encrypt_last_in_place(&self.head, chunk).map_err(|_| StreamError)
    }
}

/// Opens what a [`StreamSealer`] made, chunk after chunk. Nothing may be used before the last has been opened.
pub struct StreamOpener {
    decryptor: DecryptorBE32<XChaCha20Poly1305>,
    head: Vec<u8>,
}

impl StreamOpener {
    /// A chunk that is not the last, in place.
    ///
    /// # Errors
    /// When it is not the next one of this stream.
    pub fn next(&mut self, chunk: &mut Vec<u8>) -> Result<(), StreamError> {
        self.decryptor.decrypt_next_in_place(&self.head, chunk).map_err(|_| StreamError)
    }

    /// The last chunk.
    ///
    /// # Errors
    /// When it is not the last one of this stream.
    pub fn last(self, chunk: &mut Vec<u8>) -> Result<(), StreamError> {
        self.decryptor.decrypt_last_in_place(&self.head, chunk).map_err(|_| StreamError)
    }
}

impl Sealer {
    /// A stream under the newest key. `nonce` must be fresh ([`super::random_bytes`]) and go into `head`, which every chunk is bound to.
    #[must_use]
    pub fn seal_stream(&self, purpose: Purpose, nonce: [u8; STREAM_NONCE], head: &[u8]) -> Option<StreamSealer> {
        let cipher = self.stream_cipher(purpose, &self.newest())?;
        Some(StreamSealer { encryptor: EncryptorBE32::from_aead(cipher, &nonce.into()), head: head.to_vec() })
    }

    /// The same stream again. `None`: the key with the id `key` is not one of ours.
    #[must_use]
    pub fn open_stream(&self, purpose: Purpose, key: &str, nonce: [u8; STREAM_NONCE], head: &[u8]) -> Option<StreamOpener> {
        let cipher = self.stream_cipher(purpose, key)?;
        Some(StreamOpener { decryptor: DecryptorBE32::from_aead(cipher, &nonce.into()), head: head.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::KeyEncryptionKey;
    use super::*;

    const HEAD: &[u8] = b"head";
    const AT: [u8; STREAM_NONCE] = [7; STREAM_NONCE];

    fn sealer(key: u8) -> Sealer {
        Sealer::new(&[KeyEncryptionKey::new([key; 32])]).unwrap()
    }

    /// Three chunks: "one", "two", "end".
    fn sealed(nonce: [u8; STREAM_NONCE]) -> [Vec<u8>; 3] {
        let mut stream = sealer(1).seal_stream(Purpose::Backup, nonce, HEAD).unwrap();
        let [mut one, mut two, mut end] = [b"one".to_vec(), b"two".to_vec(), b"end".to_vec()];
        stream.next(&mut one).unwrap();
        stream.next(&mut two).unwrap();
        stream.last(&mut end).unwrap();
        [one, two, end]
    }

    /// What the chunks open to, the last of them as the last.
    fn opened(sealer: &Sealer, head: &[u8], chunks: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
        let mut stream = sealer.open_stream(Purpose::Backup, &sealer.newest(), AT, head)?;
        let (last, others) = chunks.split_last()?;
        let mut plain = Vec::new();
        for chunk in others {
            let mut chunk = chunk.clone();
            stream.next(&mut chunk).ok()?;
            plain.push(chunk);
        }
        let mut last = last.clone();
        stream.last(&mut last).ok()?;
        plain.push(last);
        Some(plain)
    }

    #[test]
    fn a_stream_opens_whole_and_in_order_alone() {
        let [one, two, end] = sealed(AT);
        let whole = opened(&sealer(1), HEAD, &[one.clone(), two.clone(), end.clone()]).unwrap();
        assert_eq!(whole, [b"one", b"two", b"end"]);
        let [_, foreign, _] = sealed([8; STREAM_NONCE]);
        let mut changed = two.clone();
        changed[0] ^= 1;
        for wrong in [
            vec![one.clone(), two.clone()],
            vec![one.clone(), end.clone()],
            vec![two.clone(), one.clone(), end.clone()],
            vec![one.clone(), two.clone(), end.clone(), end.clone()],
            vec![one.clone(), two.clone(), two.clone(), end.clone()],
            vec![one.clone(), foreign, end.clone()],
            vec![one.clone(), changed, end.clone()],
            vec![end.clone()],
        ] {
            assert!(opened(&sealer(1), HEAD, &wrong).is_none());
        }
        assert!(opened(&sealer(1), b"another head", &[one.clone(), two.clone(), end.clone()]).is_none());
        assert!(opened(&sealer(2), HEAD, &[one, two, end]).is_none());
    }

    #[test]
    fn a_key_that_is_not_there_opens_nothing() {
        assert!(sealer(1).open_stream(Purpose::Backup, &sealer(2).newest(), AT, HEAD).is_none());
        assert!(sealer(1).open_stream(Purpose::Backup, "", AT, HEAD).is_none());
    }
}
