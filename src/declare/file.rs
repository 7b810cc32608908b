//! Reading one file of somebody else's: only what is a file, and not more of it than fits into a head.

use std::io::{self, Read as _};
use std::path::Path;

/// More than Kubernetes lets a ConfigMap or Secret be.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The text of a file. A pipe or a device, which may have no end, is none.
///
/// # Errors
/// When it cannot be read, is no file, is longer than 4 MiB, or is not UTF-8.
pub(super) fn read(path: &Path) -> io::Result<String> {
    // Before it is opened: opening a pipe waits for somebody who writes.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut text = String::new();
    std::fs::File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= LONGEST) { Ok(text) } else { Err(io::Error::other("longer than 4 MiB")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_some_size_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.toml");
        std::fs::write(&path, "a = 1").unwrap();
        assert_eq!(read(&path).unwrap(), "a = 1");
        std::fs::write(&path, vec![b'#'; usize::try_from(LONGEST).unwrap() + 1]).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("4 MiB"));
        assert!(read(directory.path()).is_err());
        assert!(read(Path::new("/dev/zero")).unwrap_err().to_string().contains("not a file"));
        assert!(read(&directory.path().join("none")).is_err());
    }
}
