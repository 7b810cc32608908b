//! `[mail]`: how mail leaves the house.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::types::Span;
use crate::secret::Secret;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTransport {
    Smtp,
    /// One `.eml` file per message, for development and tests.
    File,
    /// The message's name and recipient in the log, for a first look: links and codes are not logged.
    #[default]
    Log,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// A plain connection that must become TLS (port 587).
    #[default]
    Starttls,
    /// TLS from the first byte (port 465).
    Tls,
    /// No encryption: only towards a relay on this machine.
    None,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// How mail is sent: `smtp`, `file` (one .eml per message) or `log`.
    pub transport: MailTransport,
    /// Where the `file` transport writes.
    pub directory: PathBuf,
    /// The sender, such as `Example <no-reply@example.com>`. Its domain is also that of every Message-ID.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Name of the SMTP server.
    pub smtp_host: String,
    /// Its port; by default 587 for `starttls`, 465 for `tls`, 25 for `none`.
    pub smtp_port: Option<u16>,
    /// `starttls`, `tls` or `none`.
    pub smtp_tls: SmtpTls,
    /// PEM file of certificate authorities trusted for the SMTP server beside the public ones.
    pub smtp_ca_file: Option<PathBuf>,
    /// User name at the SMTP server.
    pub smtp_username: Option<String>,
    #[serde(skip_serializing)]
    /// Password at the SMTP server.
    pub smtp_password: Option<Secret<String>>,
    /// A server that has not taken a message by then is tried again later.
    pub timeout: Span,
    /// For how long a message is tried again before it is given up.
    pub give_up_after: Span,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            transport: MailTransport::default(),
            directory: PathBuf::from("data/mail"),
            from: "Vestibule <no-reply@localhost>".to_owned(),
            reply_to: None,
            smtp_host: "localhost".to_owned(),
            smtp_port: None,
            smtp_tls: SmtpTls::default(),
            smtp_ca_file: None,
            smtp_username: None,
            smtp_password: None,
            timeout: Span::secs(20),
            give_up_after: Span::secs(24 * 3600),
        }
    }
}
