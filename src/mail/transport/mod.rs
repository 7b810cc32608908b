//! The ways out: SMTP, a directory, the log.

mod file;
mod log;
mod smtp;

use super::compose::{Fault, Outgoing};
use crate::config::{Config, MailTransport};

/// Why a message was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Worth another attempt: nobody there, not now, or a refusal of ourselves, which the operator can mend.
    Again(Reason),
    /// The recipient or the message was refused for good.
    Final(Reason),
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// What kind of fault, in words of ours (`smtp 550`), for events: they are kept after the person is gone.
    pub(super) kind: String,
    /// In the other side's words, which may well quote the recipient's address: kept with the mail alone.
    pub(super) text: String,
}

impl Reason {
    pub(super) fn new(kind: &str, text: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), text: text.into() }
    }
}

pub(super) enum Transport {
    Smtp(Box<smtp::Smtp>),
    File(file::File),
    Log(log::Log),
}

impl Transport {
    pub(super) fn open(config: &Config) -> Result<Self, Fault> {
        Ok(match config.mail.transport {
            MailTransport::Smtp => Self::Smtp(Box::new(smtp::Smtp::new(&config.mail)?)),
            MailTransport::File => Self::File(file::File::new(&config.mail.directory)?),
            MailTransport::Log => Self::Log(log::Log { development: config.issuer().is_loopback() }),
        })
    }

    /// Goes as far as it can without a message.
    pub(super) async fn probe(&self) -> Result<String, String> {
        match self {
            Self::Smtp(smtp) => smtp.probe().await,
            Self::File(_) => Ok("mail is written to files".to_owned()),
            Self::Log(_) => Ok("mail is not sent: its names go to the log".to_owned()),
        }
    }

    /// Hands a message over; what the other side said. Whoever stops waiting loses nothing but the answer.
    pub(super) async fn send(&self, outgoing: &Outgoing) -> Result<String, Failure> {
        match self {
            Self::Smtp(smtp) => smtp.send(outgoing).await,
            Self::File(file) => file.send(outgoing).await,
            Self::Log(log) => Ok(log.send(outgoing)),
        }
    }
}
