//! `log`: that there was a mail, for a first look. Never a link or a code: whoever reads the log could use them.

use crate::mail::compose::Outgoing;

pub(crate) struct Log {
    /// Only this machine reaches the service.
    pub(super) development: bool,
}

impl Log {
    pub(super) fn send(&self, outgoing: &Outgoing) -> String {
        let (kind, recipient) = (outgoing.kind, outgoing.recipient());
        if self.development {
            tracing::info!(
                kind,
                recipient,
                "a mail that nobody gets: to read it, set mail.transport to \"file\" and look into mail.directory"
            );
        } else {
            tracing::warn!(kind, recipient, "a mail that nobody gets: mail.transport is \"log\"");
        }
        "logged".to_owned()
    }
}
