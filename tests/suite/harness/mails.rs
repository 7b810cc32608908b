//! The mail people got: what the `file` transport wrote, read again.

use std::path::PathBuf;

#[path = "../../../examples/demo/eml.rs"]
mod eml;

pub use eml::Mail;
use vestibule::mail;

use super::TestApp;

/// Where this test's mail lies.
pub struct Mailbox(pub(super) tempfile::TempDir);

impl Mailbox {
    pub(super) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("vestibule-mail").tempdir().unwrap())
    }

    pub(super) fn directory(&self) -> PathBuf {
        self.0.path().join("mail")
    }
}

impl TestApp {
    /// Where the files are.
    pub fn mailbox_directory(&self) -> PathBuf {
        self.mailbox.directory()
    }

    /// All mail until now, oldest first: what waits in the outbox is sent before.
    pub async fn mails(&self) -> Vec<Mail> {
        mail::deliver_due(&self.app).await.unwrap();
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.mailbox.directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
        // Their names are ids, which begin with the time.
        files.sort();
        files.iter().map(|file| Mail::parse(&std::fs::read_to_string(file).unwrap()).unwrap()).collect()
    }

    /// All mail to this address, oldest first.
    pub async fn mails_to(&self, email: &str) -> Vec<Mail> {
        let mut mails = self.mails().await;
        mails.retain(|mail| mail.to == email || mail.to.ends_with(&format!("<{email}>")));
        mails
    }

    /// The newest mail to this address.
    pub async fn mail_to(&self, email: &str) -> Mail {
        self.mails_to(email).await.pop().unwrap_or_else(|| panic!("no mail to {email}"))
    }

    /// Forgets the mail until now.
    pub async fn clear_mails(&self) {
        self.mails().await;
        for entry in std::fs::read_dir(self.mailbox.directory()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}
