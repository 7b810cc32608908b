//! Files: made closed to others, complete before they have their name.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use crate::store::directory_of;

/// `path` with something behind its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A file that has its name when it is complete: until then it is called `….part`. Dropped before [`Unfinished::finish`] it leaves nothing.
pub(super) struct Unfinished {
    pub(super) file: File,
    part: PathBuf,
    path: PathBuf,
}

impl Unfinished {
    /// Mode 0600. What an attempt that was killed left behind is taken away; a link that somebody put there is not followed.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let part = beside(path, ".part");
        remove_file(&part)?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&part).map_err(Error::at(&part))?;
        Ok(Self { file, part, path: path.to_owned() })
    }

    /// On the disk, under its name, which it keeps after a power cut.
    pub(super) fn finish(self) -> Result<()> {
        self.file.sync_all().map_err(Error::at(&self.part))?;
        fs::rename(&self.part, &self.path).map_err(Error::at(&self.path))?;
        sync_directory(&self.path)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Under its name already, or not wanted.
        let _ = fs::remove_file(&self.part);
    }
}

/// A file of ours alone, made if it is missing: behind a link that somebody put there, root would write into a file of somebody else's.
pub(super) fn open_own(path: &Path) -> Result<File> {
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = open.map_err(Error::at(path))?;
    let opened = file.metadata().map_err(Error::at(path))?;
    // Without a name it was somebody's like us, who is done with it by now.
    let linked = opened.nlink() == 0 || opened.nlink() == 1 && is_at(&file, path)?;
    if linked && opened.is_file() { Ok(file) } else { Err(Error::at(path)(std::io::Error::other("not a file of its own"))) }
}

/// Whether `path` is still the name of this file, and not gone or another one's.
pub(super) fn is_at(file: &File, path: &Path) -> Result<bool> {
    let opened = file.metadata().map_err(Error::at(path))?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((opened.dev(), opened.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::at(path)(error)),
    }
}

/// A file of ours at `path` whose lock we hold, open like [`open_own`]. Whoever held it takes its name away before the lock: what was opened while they did is
/// nobody's file any more, and another is made.
///
/// # Errors
/// [`Error::Twice`] while somebody holds it.
pub(super) fn lock_own(path: &Path) -> Result<File> {
    for _ in 0..ATTEMPTS {
        if let Some(file) = lock(open_own(path)?, path)? {
            return Ok(file);
        }
    }
    Err(Error::Twice)
}

/// How often somebody else may be done with the file just when it is opened.
const ATTEMPTS: u32 = 100;

fn lock(file: File, path: &Path) -> Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(is_at(&file, path)?.then_some(file)),
        Err(TryLockError::WouldBlock) => Err(Error::Twice),
        Err(TryLockError::Error(error)) => Err(Error::at(path)(error)),
    }
}

/// Files that are the database's own: its log, its locks, a snapshot that is being taken, a restore that is under way.
const OWN: [&str; 7] = ["", "-wal", "-shm", "-journal", ".lock", ".backup", ".restoring"];

/// Refuses what would be written over the database itself, by whatever name: `target`, and the name it has until it is complete.
///
/// # Errors
/// [`Error::Own`].
pub(super) fn refuse_own(database: &Path, target: &Path) -> Result<()> {
    let mut databases = vec![database.to_owned()];
    databases.extend(fs::canonicalize(database));
    let targets = [target.to_owned(), beside(target, ".part")];
    let own = databases.iter().flat_map(|database| OWN.map(|suffix| beside(database, suffix)));
    for own in own {
        if targets.iter().any(|target| is_same(target, &own)) {
            return Err(Error::Own(target.to_owned()));
        }
    }
    Ok(())
}

/// One file, or one name, whether there is a file or not.
fn is_same(one: &Path, other: &Path) -> bool {
    let file = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let name = |path: &Path| Some((fs::canonicalize(directory_of(path)).ok()?, path.file_name()?.to_owned()));
    let both = |one: Option<_>, other: Option<_>| one.is_some() && one == other;
    both(file(one), file(other)) || name(one).is_some_and(|one| name(other) == Some(one))
}

pub(super) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::at(path)(error)),
        _ => Ok(()),
    }
}

/// The names in the directory of `path` are on the disk.
pub(super) fn sync_directory(path: &Path) -> Result<()> {
    let directory = directory_of(path);
    File::open(directory).and_then(|opened| opened.sync_all()).map_err(Error::at(directory))
}

/// The directory that `path` is to be in: mode 0700 when it is missing, and of the same owner as the nearest one that is there, for root may do this for a
/// service of another user.
pub(super) fn make_directory(path: &Path) -> Result<()> {
    let directory = directory_of(path);
    let there = |above: &&Path| above.as_os_str().is_empty() || above.exists();
    let missing: Vec<&Path> = directory.ancestors().take_while(|above| !there(above)).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(Error::at(directory))?;
    let Some(top) = missing.last() else { return Ok(()) };
    let owner = fs::metadata(directory_of(top)).map_err(Error::at(top))?;
    for made in missing {
        let _ = std::os::unix::fs::lchown(made, Some(owner.uid()), Some(owner.gid()));
    }
    Ok(())
}

/// An empty directory of mode 0700 for one attempt. Dropped, it is gone with all that is in it.
pub(super) struct Workplace(pub(super) PathBuf);

impl Workplace {
    /// What an attempt that was killed left behind is taken away.
    pub(super) fn create(path: PathBuf) -> Result<Self> {
        if path.symlink_metadata().is_ok() {
            fs::remove_dir_all(&path).map_err(Error::at(&path))?;
        }
        DirBuilder::new().mode(0o700).create(&path).map_err(Error::at(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Puts `new` in the place of the database at `path`, and keeps what was there, with its write-ahead log, as `aside`. Killed at any point it leaves either
/// database whole under the name; never none, for a service would begin an empty one.
pub(super) fn replace(path: &Path, new: &Path, aside: Option<&Path>) -> Result<()> {
    let owner = fs::metadata(path).or_else(|_| fs::metadata(directory_of(path))).map_err(Error::at(path))?;
    // As root for the service's user: it could not open the file otherwise. Whoever is not root owns it already.
    let _ = std::os::unix::fs::lchown(new, Some(owner.uid()), Some(owner.gid()));
    if let Some(aside) = aside {
        fs::hard_link(path, aside).or_else(|_| copy(path, aside)).map_err(Error::at(aside))?;
        let log = beside(path, "-wal");
        // There is none but after a crash: then it belongs to the old file, and would spoil the new one.
        if log.exists() {
            fs::rename(&log, beside(aside, "-wal")).map_err(Error::at(&log))?;
        }
    }
    remove_file(&beside(path, "-wal"))?;
    remove_file(&beside(path, "-shm"))?;
    sync_directory(path)?;
    fs::rename(new, path).map_err(Error::at(path))?;
    sync_directory(path)
}

/// Where a file system knows no second name for a file.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    std::io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_has_its_name_when_it_is_complete() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("b");
        fs::write(beside(&path, ".part"), "half of an earlier one").unwrap();
        let mut half = Unfinished::create(&path).unwrap();
        half.file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(half);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
        let mut whole = Unfinished::create(&path).unwrap();
        whole.file.write_all(b"whole").unwrap();
        whole.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_leads_elsewhere_is_not_written_to() {
        let home = tempfile::tempdir().unwrap();
        let (other, link, second) = (home.path().join("other"), home.path().join("link"), home.path().join("second"));
        fs::write(&other, "somebody else's").unwrap();
        std::os::unix::fs::symlink(&other, &link).unwrap();
        assert!(open_own(&link).is_err());
        fs::hard_link(&other, &second).unwrap();
        assert!(open_own(&second).is_err());
        assert!(open_own(&home.path().join("new")).is_ok() && open_own(&home.path().join("new")).is_ok());
        assert_eq!(fs::read(&other).unwrap(), b"somebody else's");
    }

    /// It is opened, whoever held it takes its name away and lets its lock go, it is locked: nothing that is written at the path is in it.
    #[test]
    fn a_file_whose_name_went_between_opening_and_locking_is_not_taken() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("db.backup");
        let first = lock_own(&path).unwrap();
        assert!(matches!(lock_own(&path), Err(Error::Twice)));
        let second = open_own(&path).unwrap();
        remove_file(&path).unwrap();
        drop(first);
        assert!(lock(second, &path).unwrap().is_none());
        let third = open_own(&path).unwrap();
        remove_file(&path).unwrap();
        let fourth = lock_own(&path).unwrap();
        assert!(lock(third, &path).unwrap().is_none(), "the name is another file's");
        assert!(is_at(&fourth, &path).unwrap());
    }

    #[test]
    fn nothing_of_the_databases_own_is_a_target() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::write(at("db"), "live").unwrap();
        std::os::unix::fs::symlink(at("db"), at("link")).unwrap();
        fs::hard_link(at("db"), at("second")).unwrap();
        for name in ["db", "link", "second", "db-wal", "db-shm", "db.lock", "db.backup", "./db"] {
            assert!(matches!(refuse_own(&at("db"), &at(name)), Err(Error::Own(_))), "{name}");
        }
        assert!(refuse_own(&at("link"), &at("db-wal")).is_err(), "where SQLite has it");
        assert!(refuse_own(&at("b.part"), &at("b")).is_err(), "what it is called until it is complete");
        for name in ["backup", "db2", "db.backup-2027", "nowhere/db"] {
            assert!(refuse_own(&at("db"), &at(name)).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_old_database_and_its_log_are_kept_and_nothing_of_them_stays_with_the_new_one() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        for name in ["db", "db-wal", "db-shm", "new"] {
            fs::write(at(name), name).unwrap();
        }
        replace(&at("db"), &at("new"), Some(&at("aside"))).unwrap();
        assert_eq!(fs::read(at("db")).unwrap(), b"new");
        assert_eq!(fs::read(at("aside")).unwrap(), b"db");
        assert_eq!(fs::read(at("aside-wal")).unwrap(), b"db-wal");
        assert!(!at("db-wal").exists() && !at("db-shm").exists() && !at("new").exists());
    }
}
