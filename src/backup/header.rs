//! The head of a backup: what it is, readable without a key, and authenticated with every chunk that follows.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use crate::clock::Timestamp;
use crate::secret::{STREAM_NONCE, random_bytes};

const MAGIC: &[u8; 16] = b"vestibule backup";
const FORMAT: u32 = 1;
/// A head is some two hundred bytes.
const LONGEST: u32 = 4096;

/// 16 bytes of magic, the length of what follows in 4 bytes (big-endian), JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    /// The version of the program that made it.
    pub made_by: String,
    /// Seconds since 1970.
    pub made_at: i64,
    /// The id of the key-encryption key it is sealed under.
    pub key: String,
    /// The newest migration of the database.
    pub schema: String,
    nonce: String,
}

impl Header {
    pub(super) fn new(key: String, schema: String, now: Timestamp) -> Self {
        let nonce = URL_SAFE_NO_PAD.encode(random_bytes::<STREAM_NONCE>());
        Self { format: FORMAT, made_by: env!("CARGO_PKG_VERSION").to_owned(), made_at: now.secs(), key, schema, nonce }
    }

    /// `None` when it is none of ours.
    pub(super) fn nonce(&self) -> Option<[u8; STREAM_NONCE]> {
        URL_SAFE_NO_PAD.decode(&self.nonce).ok()?.try_into().ok()
    }

    /// Writes it; the bytes written.
    pub(super) fn write(&self, out: &mut dyn Write) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
        let head = [MAGIC.as_slice(), &length.to_be_bytes(), &json].concat();
        out.write_all(&head).map_err(Error::Stream)?;
        Ok(head)
    }

    /// Reads it; the bytes read.
    pub(super) fn read(input: &mut dyn Read) -> Result<(Self, Vec<u8>)> {
        let mut start = [0; MAGIC.len() + 4];
        read_exact(input, &mut start)?;
        let (magic, length) = start.split_at(MAGIC.len());
        let length = length.try_into().map_or(u32::MAX, u32::from_be_bytes);
        if magic != MAGIC || length > LONGEST {
            return Err(Error::Foreign);
        }
        let mut json = vec![0; usize::try_from(length).unwrap_or_default()];
        read_exact(input, &mut json)?;
        let header: Self = serde_json::from_slice(&json).map_err(|_| newer(&json))?;
        if header.format != FORMAT {
            return Err(Error::NewerFormat { made_by: printable(&header.made_by) });
        }
        // An id of a key as we print it; nothing else goes to anybody's terminal before it is known to be authentic.
        if header.key.len() != 8 || !header.key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::Foreign);
        }
        Ok((header, [start.as_slice(), &json].concat()))
    }
}

/// What is shorter than a head is no backup.
fn read_exact(input: &mut dyn Read, bytes: &mut [u8]) -> Result<()> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::Foreign,
        _ => Error::Stream(error),
    })
}

/// A later format may have other members, but will say who made it.
fn newer(json: &[u8]) -> Error {
    let made_by = serde_json::from_slice::<serde_json::Value>(json).ok().and_then(|head| head.get("made_by")?.as_str().map(str::to_owned));
    made_by.map_or(Error::Foreign, |made_by| Error::NewerFormat { made_by: printable(&made_by) })
}

/// The version of a program, whoever wrote it there.
fn printable(made_by: &str) -> String {
    made_by.chars().filter(char::is_ascii_graphic).take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header::new("0a1b2c3d".to_owned(), "m20261121_000001_create_clients".to_owned(), Timestamp::from_secs(1_800_000_000))
    }

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let mut file = Vec::new();
        let written = header().write(&mut file).unwrap();
        file.extend_from_slice(b"chunks");
        let (read, bytes) = Header::read(&mut file.as_slice()).unwrap();
        assert_eq!((read.key.as_str(), read.made_at), ("0a1b2c3d", 1_800_000_000));
        assert_eq!(bytes, written);
        assert!(read.nonce().is_some());
    }

    #[test]
    fn anything_else_is_foreign_or_of_a_later_version() {
        let mut ours = Vec::new();
        header().write(&mut ours).unwrap();
        for foreign in
            [b"".as_slice(), b"SQLite format 3\0 and more of it", b"vestibule backup", b"vestibule backup\xff\xff\xff\xff", &ours[..40]]
        {
            assert!(matches!(Header::read(&mut &*foreign), Err(Error::Foreign)));
        }
        let mut forged = Vec::new();
        Header { key: "\u{1b}[2J".to_owned(), ..header() }.write(&mut forged).unwrap();
        assert!(matches!(Header::read(&mut forged.as_slice()), Err(Error::Foreign)));
        forged.clear();
        Header { format: 2, made_by: "9\u{1b}[2J".to_owned(), ..header() }.write(&mut forged).unwrap();
        assert!(matches!(Header::read(&mut forged.as_slice()), Err(Error::NewerFormat { made_by }) if made_by == "9[2J"));
        let mut later = Vec::new();
        Header { format: 2, ..header() }.write(&mut later).unwrap();
        assert!(matches!(Header::read(&mut later.as_slice()), Err(Error::NewerFormat { .. })));
    }
}
