//! What this browser remembers of mails it asked for or opened, sealed in one cookie, so that no URL has to carry a secret on.

use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::mailed::Mailed;
use super::password_reset::{Requested, Way, Whom};
use crate::app::App;
use crate::secret::Purpose;
use crate::web::Visit;
use crate::web::cookies::Cookie;

/// The page says for this long what became of a link.
const LIFETIME: Duration = Duration::from_hours(1);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// A reset was asked for here: its code may be typed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// A reset's link was opened here, or its code was right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Way>,
    /// Of the other mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailed: Option<Mailed>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The address typed; none: the account is known by an old link.
    pub address: Option<String>,
    pub requested: Requested,
}

impl Asked {
    #[must_use]
    pub fn new(whom: Whom, requested: Requested) -> Self {
        let address = if let Whom::Address(address) = whom { Some(address) } else { None };
        Self { address, requested }
    }

    /// Whose reset to ask for again.
    #[must_use]
    pub fn whom(&self) -> Whom {
        self.address.clone().map_or(Whom::Account(self.requested.account), Whom::Address)
    }
}

impl Kept {
    /// Of this browser; empty when there is none, or it is too old.
    #[must_use]
    pub fn of(app: &App, visit: &Visit) -> Self {
        let sealed = visit.cookie(Cookie::MailLink.name(&app.issuer));
        sealed.and_then(|sealed| app.sealer.open(Purpose::MailCookie, sealed, app.now()).ok()).unwrap_or_default()
    }

    #[must_use]
    pub fn set_cookie(&self, app: &App) -> HeaderValue {
        Cookie::MailLink.set(&app.issuer, &app.sealer.seal(Purpose::MailCookie, self, app.now().plus(LIFETIME)), None)
    }
}
