//! `[limits]`: requests per client address, and how much guessing of passwords and codes is borne.
//!
//! Of IPv6 addresses a /64 counts as one. What is counted by account holds over restarts and for all replicas.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::types::{Quota, Span};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Whether requests are limited by address at all.
    pub enabled: bool,
    /// Hosted pages and everything else.
    pub pages: Quota,
    /// Forms that take a password or a code, right or wrong.
    pub sign_in: Quota,
    /// Token, introspection and revocation endpoints.
    pub token: Quota,
    /// The userinfo endpoint.
    pub userinfo: Quota,
    /// Discovery, JWKS and static files.
    pub metadata: Quota,
    /// Wrong passwords for one account from one address.
    pub password_per_account_and_address: Quota,
    /// Wrong passwords from one address, over all accounts.
    pub password_per_address: Quota,
    /// Different accounts that may be tried in vain from one address: more is credential stuffing.
    pub accounts_per_address: Quota,
    /// Different addresses from which one password may be tried in vain: more is credential stuffing that no address shows, and strangers are kept from that
    /// password for as long again.
    pub addresses_per_password: Quota,
    /// Wrong passwords in a row for one account, over all addresses, after which a pause follows each. From browsers in which the person signed in
    /// before they are counted apart.
    pub password_free: u32,
    /// The first pause after wrong passwords; each one after it is twice as long.
    pub password_pause: Span,
    /// The longest pause after wrong passwords.
    pub password_longest_pause: Span,
    /// Wrong passwords in a row after which none is tried any more until the person confirms by mail (NIST SP 800-63B: at most 100).
    pub password_ceiling: u32,
    /// Wrong codes of second factors in a row after which a pause follows each.
    pub code_free: u32,
    /// The first pause after wrong codes; each one after it is twice as long.
    pub code_pause: Span,
    /// The longest pause after wrong codes.
    pub code_longest_pause: Span,
    /// Wrong codes in a row after which none is tried any more until the person confirms by mail (NIST SP 800-63B: at most 100).
    pub code_ceiling: u32,
    /// Wrong codes within `code_window`, in a row or not, at which the owner is told by mail that somebody knows the password, and browsers in which they
    /// never signed in wait until the window is over, or until the person confirms by mail.
    pub code_window_failures: u32,
    /// How long wrong codes count for `code_window_failures`, from the first one on.
    pub code_window: Span,
    /// Wrong codes that one sign-in bears; then it begins anew with the password.
    pub codes_per_sign_in: u32,
    /// Codes mailed to one person that nobody gives back; to each browser in which they signed in before, apart.
    pub mailed_codes: Quota,
    /// Wrong passwords, and wrong codes, in a row after which a browser in which the person signed in before is treated like any other.
    pub known_device_ceiling: u32,
    /// After so long without another failure those in a row are forgotten.
    pub failures_kept: Span,
    /// How often a person may lift a pause of their second factor by mail.
    pub code_unlocks: Quota,
    /// Failed authentications of one client from one address.
    pub client_authentication: Quota,
    /// Failed authentications of one client over all addresses. More do not keep the client out: while there are none left, an address has one wrong secret
    /// instead of `client_authentication`.
    pub client_authentication_total: Quota,
    /// What devices of one client may ask for from one address until a person answers (RFC 8628).
    pub device_requests: Quota,
    /// The same over all addresses.
    pub device_requests_total: Quota,
    /// User codes of devices that were wrong, from one address; by one person, too.
    pub device_codes: Quota,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            pages: Quota { burst: 600, per: Duration::from_mins(1) },
            sign_in: Quota { burst: 300, per: Duration::from_mins(1) },
            token: Quota { burst: 6000, per: Duration::from_mins(1) },
            userinfo: Quota { burst: 6000, per: Duration::from_mins(1) },
            metadata: Quota { burst: 6000, per: Duration::from_mins(1) },
            password_per_account_and_address: Quota { burst: 10, per: Duration::from_mins(1) },
            password_per_address: Quota { burst: 60, per: Duration::from_mins(1) },
            accounts_per_address: Quota { burst: 15, per: Duration::from_mins(10) },
            addresses_per_password: Quota { burst: 30, per: Duration::from_mins(10) },
            password_free: 5,
            password_pause: Span::secs(5),
            password_longest_pause: Span::secs(15 * 60),
            password_ceiling: 100,
            code_free: 5,
            code_pause: Span::secs(30),
            code_longest_pause: Span::secs(60 * 60),
            code_ceiling: 100,
            code_window_failures: 10,
            code_window: Span::secs(24 * 3600),
            codes_per_sign_in: 5,
            mailed_codes: Quota { burst: 5, per: Duration::from_hours(1) },
            known_device_ceiling: 20,
            failures_kept: Span::secs(90 * 24 * 3600),
            code_unlocks: Quota { burst: 1, per: Duration::from_hours(24) },
            client_authentication: Quota { burst: 30, per: Duration::from_mins(1) },
            client_authentication_total: Quota { burst: 1000, per: Duration::from_hours(1) },
            device_requests: Quota { burst: 30, per: Duration::from_mins(10) },
            device_requests_total: Quota { burst: 6000, per: Duration::from_mins(10) },
            device_codes: Quota { burst: 15, per: Duration::from_mins(10) },
        }
    }
}
