//! Reading and making files that hold secrets.

use std::io::Write as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::directory::KeyFileError;
use crate::secret::random_id;

/// Nobody's key is longer; anything longer is not a key.
const MAX_BYTES: u64 = 64 * 1024;

/// The content of a file that only we may read.
///
/// # Errors
/// When it cannot be read, is too long, or others can read it.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let failed = |detail: String| KeyFileError::File { path: path.to_owned(), detail };
    let metadata = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if metadata.len() > MAX_BYTES {
        return Err(failed("too long to be a key".to_owned()));
    }
    modes::check(&metadata).map_err(failed)?;
    std::fs::read(path).map(Zeroizing::new).map_err(|error| failed(error.to_string()))
}

/// The files of `directory` with this extension, in alphabetical order; links count as what they point to (mounted Secrets are links).
///
/// # Errors
/// When the directory cannot be listed.
pub(super) fn list(directory: &Path, extension: &str) -> Result<Vec<std::path::PathBuf>, KeyFileError> {
    let failed = |error: std::io::Error| KeyFileError::File { path: directory.to_owned(), detail: error.to_string() };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|found| found == extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Makes a directory that only we may enter, with its parents.
pub(super) fn create_private_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    modes::private_directory(&mut builder);
    builder.create(directory)
}

/// Writes a file that only we may read, so that it is either complete and on the disk or not there. Never replaces one: when another
/// process was faster, its file stays.
pub(super) fn create_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    // A random name: in a container the process id is the same at every start, and what a killed one left behind would be in the way for ever.
    let temporary = path.with_extension(format!("{}.new", random_id().simple()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    modes::private_file(&mut options);
    let mut file = options.open(&temporary)?;
    let placed = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| place(&temporary, path));
    let _ = std::fs::remove_file(&temporary);
    placed?;
    std::fs::File::open(directory)?.sync_all()
}

/// A hard link fails when the name is taken, a rename would replace the other process's key; only file systems without links are renamed on.
fn place(temporary: &Path, path: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(temporary, path) {
        Err(_) if !path.exists() => std::fs::rename(temporary, path),
        _ => Ok(()),
    }
}

#[cfg(unix)]
mod modes {
    use std::fs::{DirBuilder, Metadata, OpenOptions};
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};

    const OTHERS: u32 = 0o007;
    const GROUP_WRITE_OR_EXECUTE: u32 = 0o030;
    const GROUP_READ: u32 = 0o040;

    /// Refuses what others can read or change. Group-readable is accepted in one case: the file is not ours and its group is one of
    /// ours, which is how Kubernetes mounts a Secret for a process that is not root (`fsGroup`).
    pub(super) fn check(metadata: &Metadata) -> Result<(), String> {
        decide(metadata.mode(), metadata.uid(), metadata.gid(), identity().as_ref())
    }

    /// Who this process is: effective user, and groups.
    pub(super) struct Identity {
        pub(super) user: u32,
        pub(super) groups: Vec<u32>,
    }

    pub(super) fn decide(mode: u32, owner: u32, group: u32, identity: Option<&Identity>) -> Result<(), String> {
        let mode = mode & 0o777;
        if mode & (OTHERS | GROUP_WRITE_OR_EXECUTE) != 0 {
            return Err(format!("others can reach it (mode {mode:04o}): chmod 0600"));
        }
        let mounted = identity.is_some_and(|id| id.user != owner && id.groups.contains(&group));
        if mode & GROUP_READ != 0 && !mounted {
            return Err(format!("its group can read it (mode {mode:04o}): chmod 0600"));
        }
        Ok(())
    }

    /// From `/proc` (Linux): the standard library cannot tell. Elsewhere nobody is known, and group-readable files are refused.
    fn identity() -> Option<Identity> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let numbers = |label: &str| -> Option<Vec<u32>> {
            let line = status.lines().find_map(|line| line.strip_prefix(label))?;
            Some(line.split_whitespace().filter_map(|number| number.parse().ok()).collect())
        };
        // The second number of `Uid` and `Gid` is the effective one.
        let user = numbers("Uid:")?.get(1).copied()?;
        let mut groups = numbers("Groups:")?;
        groups.extend(numbers("Gid:")?.get(1));
        Some(Identity { user, groups })
    }

    pub(super) fn private_directory(builder: &mut DirBuilder) {
        builder.mode(0o700);
    }

    pub(super) fn private_file(options: &mut OpenOptions) {
        options.mode(0o600);
    }
}

#[cfg(not(unix))]
mod modes {
    use std::fs::{DirBuilder, Metadata, OpenOptions};

    #[expect(clippy::unnecessary_wraps, reason = "the same shape as on unix")]
    pub(super) fn check(_metadata: &Metadata) -> Result<(), String> {
        Ok(())
    }

    pub(super) fn private_directory(_builder: &mut DirBuilder) {}

    pub(super) fn private_file(_options: &mut OpenOptions) {}
}

#[cfg(all(test, unix))]
mod tests {
    use super::modes::{Identity, decide};

    #[test]
    fn only_mounted_secrets_may_be_group_readable() {
        let us = Identity { user: 1000, groups: vec![1000, 2000] };
        // (mode, owner, group, accepted)
        let cases = [
            (0o600, 1000, 1000, true),
            (0o400, 1000, 1000, true),
            (0o400, 0, 0, true),
            (0o440, 0, 2000, true),
            (0o440, 0, 3000, false),
            (0o440, 1000, 2000, false),
            (0o640, 1000, 1000, false),
            (0o460, 0, 2000, false),
            (0o604, 1000, 1000, false),
            (0o444, 0, 2000, false),
            (0o602, 1000, 1000, false),
        ];
        for (mode, owner, group, accepted) in cases {
            assert_eq!(decide(mode, owner, group, Some(&us)).is_ok(), accepted, "{mode:o} {owner}:{group}");
        }
        assert!(decide(0o440, 0, 2000, None).is_err(), "without knowing who we are, nothing group-readable");
    }
}
