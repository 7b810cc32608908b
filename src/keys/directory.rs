//! Key-encryption keys in files.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file;
use crate::secret::{KeyEncryptionKey, random_bytes};

/// The name of a first key: later ones sort behind it.
const FIRST: &str = "001.kek";

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{path}: {detail}")]
    File { path: PathBuf, detail: String },
}

/// Reads `*.kek` (64 hexadecimal digits or 32 raw bytes) from `directory`, the last name in alphabetical order first: it seals.
/// Makes the directory (0700) and a first key (0600; temporary file, fsync, link under its name, fsync of the directory) when there is
/// none and `create` is set.
///
/// # Errors
/// Naming the file: unreadable, of the wrong length, or readable by others.
pub fn load_key_encryption_keys(directory: &Path, create: bool) -> Result<Vec<KeyEncryptionKey>, KeyFileError> {
    let failed = |detail: String| KeyFileError::File { path: directory.to_owned(), detail };
    if create && !directory.exists() {
        file::create_private_directory(directory).map_err(|error| failed(format!("cannot be made: {error}")))?;
    }
    if !directory.exists() {
        return Err(missing(directory, "there is no such directory"));
    }
    let mut files = file::list(directory, "kek")?;
    if files.is_empty() && create {
        make_first(&directory.join(FIRST))?;
        files = file::list(directory, "kek")?;
    }
    if files.is_empty() {
        return Err(missing(directory, "there is no key-encryption key (*.kek) in it"));
    }
    files.iter().rev().map(|path| read(path)).collect()
}

/// With the whole path: whoever runs a command from another directory than the service sees where it looked.
fn missing(directory: &Path, what: &str) -> KeyFileError {
    let path = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let detail = format!(
        "{what}. keys.directory (VESTIBULE_KEYS__DIRECTORY) names where the service's key-encryption keys are. A new database gets its first key when the service \
         starts, or by `vestibule keys generate-kek {}`; one that is there needs the keys it was made with",
        path.join(FIRST).display()
    );
    KeyFileError::File { path, detail }
}

fn read(path: &Path) -> Result<KeyEncryptionKey, KeyFileError> {
    let content = file::read_private(path)?;
    let key = parse(&content)
        .ok_or_else(|| KeyFileError::File { path: path.to_owned(), detail: "must be 64 hexadecimal digits or 32 bytes".to_owned() })?;
    Ok(KeyEncryptionKey::new(*key))
}

fn parse(content: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    if let Ok(raw) = <[u8; 32]>::try_from(content) {
        return Some(Zeroizing::new(raw));
    }
    let digits = content.trim_ascii();
    if digits.len() != 64 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = hex_digit(*high)? << 4 | hex_digit(*low)?;
    }
    Some(key)
}

fn hex_digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn make_first(path: &Path) -> Result<(), KeyFileError> {
    let text = new_key_encryption_key();
    file::create_private(path, text.as_bytes())
        .map_err(|error| KeyFileError::File { path: path.to_owned(), detail: format!("cannot be made: {error}") })
}

/// A new key as a file holds it: 64 hexadecimal digits and a newline.
#[must_use]
pub fn new_key_encryption_key() -> Zeroizing<String> {
    let key = Zeroizing::new(random_bytes::<32>());
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in key.iter() {
        for nibble in [byte >> 4, byte & 0xF] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_a_first_key_once_and_reads_it_again() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("a/keys");
        let refusal = load_key_encryption_keys(&directory, false).err().unwrap().to_string();
        for part in [&directory.display().to_string(), "there is no such directory", "keys.directory", "keys generate-kek"] {
            assert!(refusal.contains(part), "{refusal}");
        }
        let first = load_key_encryption_keys(&directory, true).unwrap();
        let again = load_key_encryption_keys(&directory, false).unwrap();
        assert_eq!(first[0].id(), again[0].id());
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "no temporary file stays");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
            assert_eq!(std::fs::metadata(directory.join(FIRST)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn the_last_name_comes_first() {
        let home = tempfile::tempdir().unwrap();
        file::create_private(&home.path().join("001.kek"), &[1; 32]).unwrap();
        file::create_private(&home.path().join("002.kek"), "02".repeat(32).as_bytes()).unwrap();
        let ids: Vec<String> = load_key_encryption_keys(home.path(), false).unwrap().iter().map(KeyEncryptionKey::id).collect();
        assert_eq!(ids, [KeyEncryptionKey::new([2; 32]).id(), KeyEncryptionKey::new([1; 32]).id()]);
    }

    #[test]
    fn a_key_of_another_process_is_not_replaced() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FIRST);
        file::create_private(&path, &[1; 32]).unwrap();
        file::create_private(&path, &[2; 32]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), [1; 32]);
    }

    #[test]
    fn anything_but_a_key_is_refused_by_name() {
        for content in [&b""[..], b"short", &[b'0'; 63], &[b'0'; 65], &[b'g'; 64], &[0; 33]] {
            let home = tempfile::tempdir().unwrap();
            file::create_private(&home.path().join("x.kek"), content).unwrap();
            let Err(error) = load_key_encryption_keys(home.path(), true) else { panic!("{content:?}") };
            assert!(error.to_string().contains("x.kek"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FIRST);
        file::create_private(&path, &[1; 32]).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(load_key_encryption_keys(home.path(), false).is_err(), "{mode:o}");
        }
    }
}
