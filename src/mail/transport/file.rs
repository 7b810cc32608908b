//! `file`: one `.eml` per message, for development and tests. A message sent twice is one file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Failure, Reason};
use crate::mail::compose::{Fault, Outgoing};

pub(crate) struct File {
    directory: PathBuf,
}

impl File {
    /// Makes the directory and tries to write there.
    pub(super) fn new(directory: &Path) -> Result<Self, Fault> {
        let refused = |error: std::io::Error| ("mail.directory", format!("cannot write to {}: {error}", directory.display()));
        make_private(directory).map_err(refused)?;
        let probe = directory.join(format!(".probe-{}", std::process::id()));
        write_private(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(refused)?;
        Ok(Self { directory: directory.to_owned() })
    }

    pub(super) async fn send(&self, outgoing: &Outgoing) -> Result<String, Failure> {
        let path = self.directory.join(format!("{}.eml", outgoing.id));
        let (target, bytes) = (path.clone(), outgoing.bytes.clone());
        let written = tokio::task::spawn_blocking(move || {
            // Whoever looks into the directory sees whole messages only.
            let partial = target.with_extension("partial");
            write_private(&partial, &bytes)?;
            std::fs::rename(&partial, &target)
        });
        match written.await {
            Ok(Ok(())) => Ok(path.display().to_string()),
            Ok(Err(error)) => Err(Failure::Again(Reason::new("file", format!("cannot write {}: {error}", path.display())))),
            Err(error) => Err(Failure::Again(Reason::new("file", error.to_string()))),
        }
    }
}

fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// For the owner alone: there are links and codes in it.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use lettre::address::Envelope;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_message_is_one_private_file() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("a/mail");
        let file = File::new(&directory).unwrap();
        let envelope = Envelope::new(None, vec!["ana@example.com".parse().unwrap()]).unwrap();
        let outgoing = Outgoing { id: Uuid::from_u128(1), kind: "password_changed", envelope, bytes: b"Subject: x\r\n\r\n".to_vec() };
        for _ in 0..2 {
            file.send(&outgoing).await.unwrap();
        }
        let entries: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(entries.len(), 1, "sent twice, there once");
        assert_eq!(std::fs::read(entries[0].path()).unwrap(), outgoing.bytes);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(entries[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_directory_that_cannot_be_written_to_is_named() {
        let home = tempfile::tempdir().unwrap();
        let taken = home.path().join("taken");
        std::fs::write(&taken, b"").unwrap();
        let (key, what) = File::new(&taken).err().unwrap();
        assert!(key == "mail.directory" && what.contains("taken"), "{what}");
    }
}
