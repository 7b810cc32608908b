//! `[limits]`: requests per client address. Limits by account live with the accounts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::types::Quota;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Whether requests are limited by address at all.
    pub enabled: bool,
    /// Hosted pages and everything else.
    pub pages: Quota,
    /// Forms that take a password.
    pub sign_in: Quota,
    /// Token, introspection and revocation endpoints.
    pub token: Quota,
    /// The userinfo endpoint.
    pub userinfo: Quota,
    /// Discovery, JWKS and static files.
    pub metadata: Quota,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            pages: Quota { burst: 600, per: Duration::from_mins(1) },
            sign_in: Quota { burst: 60, per: Duration::from_mins(1) },
            token: Quota { burst: 6000, per: Duration::from_mins(1) },
            userinfo: Quota { burst: 6000, per: Duration::from_mins(1) },
            metadata: Quota { burst: 6000, per: Duration::from_mins(1) },
        }
    }
}
