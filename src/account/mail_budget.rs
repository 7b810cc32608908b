//! How many mails a client address, an account and a mailbox may cause, over all replicas: whoever fills in a form must not be able to fill mailboxes.

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::store::buckets::{self, Take};
use crate::store::mails::{Mail, MailState};
use crate::store::{self, Conn};
use crate::telemetry::metrics::Metrics;

/// The limit's name in metrics.
const NAME: &str = "mails";

/// A row of the outbox that was finished before it began: the same statement, and no mail.
pub(super) fn never_sent(mail: Mail, reason: &str) -> Mail {
    Mail { state: MailState::Failed, content: Vec::new(), last_error: Some(format!("not sent: {reason}")), ..mail }
}

/// The buckets one mail is taken from.
#[derive(Clone)]
pub(super) struct MailBudget {
    buckets: Vec<(String, Quota)>,
    metrics: Metrics,
}

impl MailBudget {
    pub(super) fn new(app: &App, buckets: impl Into<Vec<(String, Quota)>>) -> Self {
        Self { buckets: buckets.into(), metrics: app.metrics.clone() }
    }

    /// Counts one mail, in the transaction that puts it out. The bucket that had none left, if there was one; then none leaves, and whoever asked is told
    /// the same as always.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn take(&self, conn: &Conn<'_>, now: Timestamp) -> store::Result<Option<&str>> {
        for (key, quota) in &self.buckets {
            if let Take::Wait(_) = buckets::take(conn, key, *quota, now).await? {
                self.metrics.limited(NAME);
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}
