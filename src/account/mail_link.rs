//! Links in mails: sealed, so that only we can make them and a link says by itself whom it is for, even when it is too old to be used.
//!
//! What may be used once has a row that decides ([`password_reset`](super::password_reset), `spent`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::secret::{OpenError, Purpose};

/// Longer ones are not ours.
const MAX_TOKEN: usize = 2048;

/// What a link is for. The kinds never mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailLink {
    /// A new password. `secret`: 256 random bits, of which the store has the digest.
    Reset { user_id: Uuid, secret: String },
    /// The address of an account is its person's.
    ConfirmEmail { id: Uuid, user_id: Uuid, email: String },
    /// Another address for an account that has `from`, and still the credentials it was asked with.
    ChangeEmail { id: Uuid, user_id: Uuid, from: String, to: String, epoch: i64 },
    /// An account for whoever reads this mail, as they asked; `flow`: the application's request that goes on afterwards.
    SignUp { id: Uuid, email: String, flow: Option<String> },
    /// Wrong passwords, or wrong codes, of strangers are forgotten; `epoch`: the credentials it was asked with.
    /// `device`: the browser they know, in which codes were wrong, too.
    Unlock { id: Uuid, user_id: Uuid, codes: bool, device: Option<Uuid>, epoch: i64 },
    /// An account for whoever reads this mail, as somebody else asked.
    Invitation { id: Uuid, email: String, name: Option<String>, locale: Option<String>, organization: Option<String> },
}

/// What a text turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    InTime(MailLink),
    TooLate(MailLink),
    NotOurs,
}

/// The text for a URL.
pub(crate) fn seal(app: &App, link: &MailLink, expires_at: Timestamp) -> String {
    app.sealer.seal(Purpose::MailLink, link, expires_at)
}

pub(crate) fn open(app: &App, token: &str) -> Opened {
    if token.len() > MAX_TOKEN {
        return Opened::NotOurs;
    }
    match app.sealer.open(Purpose::MailLink, token, app.now()) {
        Ok(link) => Opened::InTime(link),
        Err(OpenError::Expired(link)) => Opened::TooLate(link),
        Err(OpenError::Invalid) => Opened::NotOurs,
    }
}
