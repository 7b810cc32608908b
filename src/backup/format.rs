//! A backup as a stream: the head, then the database file in sealed chunks.

use std::io::{Read, Write};

use super::error::{Error, Result};
use super::header::Header;
use crate::secret::{CHUNK, Purpose, Sealer, TAG};

/// Seals all of `plain` into `out`. How many bytes `plain` had.
pub(super) fn seal(sealer: &Sealer, header: &Header, plain: &mut dyn Read, out: &mut dyn Write) -> Result<u64> {
    let nonce = header.nonce().ok_or(Error::Foreign)?;
    let head = header.write(out)?;
    let mut stream = sealer.seal_stream(Purpose::Backup, nonce, &head).ok_or_else(|| Error::NoKey { key: header.key.clone() })?;
    let mut bytes = 0_u64;
    let mut chunk = read_chunk(plain, CHUNK)?;
    loop {
        bytes = bytes.saturating_add(chunk.len() as u64);
        let following = read_chunk(plain, CHUNK)?;
        if following.is_empty() {
            stream.last(&mut chunk).map_err(|_| Error::Damaged)?;
            out.write_all(&chunk).and_then(|()| out.flush()).map_err(Error::Stream)?;
            return Ok(bytes);
        }
        stream.next(&mut chunk).map_err(|_| Error::Damaged)?;
        out.write_all(&chunk).map_err(Error::Stream)?;
        chunk = following;
    }
}

/// Opens all of `input` into `out`, whose content means nothing unless this answers well.
pub(super) fn open(sealer: &Sealer, input: &mut dyn Read, out: &mut dyn Write) -> Result<Header> {
    let (header, head) = Header::read(input)?;
    let nonce = header.nonce().ok_or(Error::Foreign)?;
    let stream = sealer.open_stream(Purpose::Backup, &header.key, nonce, &head);
    let mut stream = stream.ok_or_else(|| Error::NoKey { key: header.key.clone() })?;
    let mut chunk = read_chunk(input, CHUNK + TAG)?;
    loop {
        let following = read_chunk(input, CHUNK + TAG)?;
        if following.is_empty() {
            stream.last(&mut chunk).map_err(|_| Error::Damaged)?;
            out.write_all(&chunk).and_then(|()| out.flush()).map_err(Error::Stream)?;
            return Ok(header);
        }
        stream.next(&mut chunk).map_err(|_| Error::Damaged)?;
        out.write_all(&chunk).map_err(Error::Stream)?;
        chunk = following;
    }
}

/// `length` bytes, or fewer at the end, with room for a tag.
fn read_chunk(input: &mut dyn Read, length: usize) -> Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(length.saturating_add(TAG));
    input.take(length as u64).read_to_end(&mut chunk).map_err(Error::Stream)?;
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::secret::KeyEncryptionKey;

    fn sealer(key: u8) -> Sealer {
        Sealer::new(&[KeyEncryptionKey::new([key; 32])]).unwrap()
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let (sealer, mut out) = (sealer(1), Vec::new());
        let header = Header::new(sealer.newest(), "m1".to_owned(), Timestamp::from_secs(7));
        assert_eq!(seal(&sealer, &header, &mut &*plain, &mut out).unwrap(), plain.len() as u64);
        out
    }

    fn opened(sealed: &[u8]) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        open(&sealer(1), &mut &*sealed, &mut plain).map(|_| plain)
    }

    #[test]
    fn every_length_comes_back_as_it_was() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 17] {
            let plain: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            assert!(opened(&sealed(&plain)).unwrap() == plain, "{length}");
        }
    }

    #[test]
    fn what_was_cut_continued_changed_or_mixed_is_refused() {
        let whole = sealed(&vec![7; 2 * CHUNK + 100]);
        let chunk = CHUNK + TAG;
        let first = whole.len() - 2 * chunk - 100 - TAG;
        for length in (first..whole.len()).step_by(997).chain([first + chunk, first + 2 * chunk, whole.len() - 1]) {
            assert!(matches!(opened(&whole[..length]), Err(Error::Damaged)), "cut to {length}");
        }
        assert!(opened(&[whole.as_slice(), b"x"].concat()).is_err());
        for at in (0..whole.len()).step_by(991).chain(0..first) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(opened(&changed).is_err(), "changed at {at}");
        }
        let (head, chunks) = whole.split_at(first);
        let swapped = [head, &chunks[chunk..2 * chunk], &chunks[..chunk], &chunks[2 * chunk..]].concat();
        assert!(matches!(opened(&swapped), Err(Error::Damaged)));
        let other = sealed(&vec![7; 2 * CHUNK + 100]);
        let mixed = [head, &other[first..]].concat();
        assert!(matches!(opened(&mixed), Err(Error::Damaged)));
    }

    #[test]
    fn without_its_key_a_backup_names_the_key() {
        let mut plain = Vec::new();
        let error = open(&sealer(2), &mut &*sealed(b"x"), &mut plain).unwrap_err().to_string();
        assert!(error.contains(&sealer(1).newest()) && plain.is_empty(), "{error}");
    }
}
