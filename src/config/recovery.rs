//! `[recovery]`: forgotten passwords, and what else is done by mail.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::types::{Quota, Span};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recovery {
    /// For how long the link and the code of a password reset work.
    pub link_ttl: Span,
    /// Mails with a link or a code to one account, over all addresses they are asked for from.
    pub mails_per_account: Quota,
    /// Mails with a link that one client address may ask for, over all accounts; of IPv6 addresses a /64 counts as one.
    pub mails_per_address: Quota,
    /// Codes of password resets that may be typed for one account, over all browsers and mails.
    pub codes_per_account: Quota,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            link_ttl: Span::secs(15 * 60),
            mails_per_account: Quota { burst: 3, per: Duration::from_hours(1) },
            mails_per_address: Quota { burst: 10, per: Duration::from_hours(1) },
            codes_per_account: Quota { burst: 10, per: Duration::from_hours(24) },
        }
    }
}
