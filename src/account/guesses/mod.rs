//! How much guessing of passwords is borne: what is tried is counted before it is checked, and given back when it was right.
//!
//! A browser in which the person signed in before has a budget of its own, so that strangers cannot keep them out. Everybody else shares: by address,
//! by different accounts tried from it, by account and address, and by account over all addresses, with growing pauses and a ceiling, after which only a
//! confirmation by mail helps ([`unlock`](super::unlock)). An address without an account is counted exactly like one with.
//! NIST SP 800-63B §3.2.2, OWASP ASVS 5 §6.1.1, §6.3.1, §6.3.8.

mod count;
mod rules;
pub mod sprayed;

pub(in crate::account) use count::RECORDED;
pub use count::{Counted, count, give_back};

use std::time::Duration;

use uuid::Uuid;

use super::known_device;
use crate::app::App;
use crate::secret::Purpose;
use crate::store::failures::Rules;
use crate::store::users::User;
use crate::store::{self, Conn, failures};
use crate::web::{Visit, address};

/// Which limit was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Address,
    /// Too many different accounts from one address.
    Accounts,
    AccountAndAddress,
    Account,
    /// Waiting does not help any more.
    Ceiling,
    KnownDevice,
    /// The same password from too many addresses.
    Sprayed,
}

impl Limit {
    /// Its name in events and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "password_address",
            Self::Accounts => "password_accounts",
            Self::AccountAndAddress => "password_account_address",
            Self::Account => "password_account",
            Self::Ceiling => "password_ceiling",
            Self::KnownDevice => "password_device",
            Self::Sprayed => "password_sprayed",
        }
    }
}

/// No password is tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    pub limit: Limit,
    pub wait: Duration,
}

impl Limited {
    /// Whole seconds, at least one.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        u64::try_from(self.wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
    }
}

/// Whose password is tried, and from where.
#[derive(Clone, Debug)]
pub struct Guess {
    /// The person's id, or one that is nobody's.
    account: Uuid,
    address: String,
    device: Option<Uuid>,
}

impl Guess {
    /// `typed`: the canonical address, or what was typed for one.
    #[must_use]
    pub fn of(app: &App, visit: &Visit, user: Option<&User>, typed: &str) -> Self {
        Self {
            account: user.map_or_else(|| nobody(app, typed), |user| user.id),
            address: address::class(visit.address).to_string(),
            device: user.and_then(|user| known_device::id(app, visit, user)),
        }
    }

    /// The class of the address it comes from.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether the person has not signed in with this browser before.
    #[must_use]
    pub const fn is_strange(&self) -> bool {
        self.device.is_none()
    }
}

/// An id that is nobody's, and always the same for the same address.
pub(in crate::account) fn nobody(app: &App, typed: &str) -> Uuid {
    let mac = app.sealer.mac(Purpose::KnownAccounts, &[b"nobody".as_slice(), typed.to_lowercase().as_bytes()].concat());
    let id = mac.split_first_chunk::<16>().map_or([0; 16], |(id, _)| *id);
    uuid::Builder::from_random_bytes(id).into_uuid()
}

/// What strangers' wrong passwords are counted by.
#[must_use]
pub(in crate::account) fn key(account: Uuid) -> String {
    format!("password:{account}")
}

fn device_key(account: Uuid, device: Uuid) -> String {
    format!("password:{account}:{device}")
}

/// The rules for strangers, of whom operators want to know.
#[must_use]
pub fn strangers(app: &App) -> Rules {
    rules::strangers(&app.config.limits)
}

/// Forgets the wrong passwords of strangers: the person has proved by mail that it is them.
///
/// # Errors
/// The store's.
pub(in crate::account) async fn lift_within(conn: &Conn<'_>, account: Uuid) -> store::Result<bool> {
    failures::revoke(conn, &key(account)).await
}
