//! How many devices may wait for an answer, and how many of their codes may be guessed (RFC 8628 §5.1).

use std::time::Duration;

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::session::Current;
use crate::store::buckets::{self, Take};
use crate::store::{self, Conn};
use crate::web::{Visit, address};

/// The limit's name in metrics.
const NAME: &str = "device_codes";

/// At an address where the client has no other, so many devices may ask for a code while those of all addresses have spent what the client has.
const WHILE_SPENT: u32 = 2;

/// What one request of a client's device is taken from, until a person answers it.
#[derive(Clone, Debug)]
pub struct OfRequest {
    /// Of the client at the address that asked; none when limits by address are off.
    here: Option<(String, Quota)>,
    /// Of the client at all addresses.
    everywhere: (String, Quota),
}

impl OfRequest {
    /// `class`: of the address that asked.
    #[must_use]
    pub fn new(app: &App, client_id: &str, class: Option<&str>) -> Self {
        let (client, limits) = (buckets::name_of_client(client_id), &app.config.limits);
        let class = class.filter(|_| limits.enabled);
        Self {
            here: class.map(|class| (format!("device-request:{client}:{class}"), limits.device_requests)),
            everywhere: (format!("device-request-total:{client}"), limits.device_requests_total),
        }
    }

    /// Pays. How long there is nothing left, if so. Spending what a client has everywhere keeps nobody's device out: each address has less then, as with
    /// wrong secrets of clients.
    ///
    /// # Errors
    /// The store's.
    pub async fn take(&self, conn: &Conn<'_>, now: Timestamp) -> store::Result<Take> {
        let (total, of_all) = &self.everywhere;
        let spent = buckets::take(conn, total, *of_all, now).await?;
        let Some((here, quota)) = &self.here else { return Ok(spent) };
        let quota = if spent == Take::Given { *quota } else { Quota { burst: quota.burst.min(WHILE_SPENT), ..*quota } };
        let taken = buckets::take(conn, here, quota, now).await?;
        if taken != Take::Given && spent == Take::Given {
            buckets::update_given_back(conn, std::slice::from_ref(&self.everywhere)).await?;
        }
        Ok(taken)
    }

    /// A person has answered, or no code was given: it cost nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn give_back(&self, conn: &Conn<'_>) -> store::Result<()> {
        let costs: Vec<_> = self.here.iter().chain([&self.everywhere]).cloned().collect();
        buckets::update_given_back(conn, &costs).await
    }
}

/// What one code that is typed is taken from, until it was right: by address, and by person where somebody is signed in.
pub(super) fn of_code(app: &App, visit: &Visit, current: Option<&Current>) -> Vec<(String, Quota)> {
    let quota = app.config.limits.device_codes;
    let class = address::class(visit.address);
    let here = app.config.limits.enabled.then(|| (format!("device-code-address:{class}"), quota));
    let person = current.map(|current| (format!("device-code-account:{}", current.user.id), quota));
    here.into_iter().chain(person).collect()
}

/// Pays for one code, before it is looked for. How long there is none left, if so.
///
/// # Errors
/// The store's.
pub(super) async fn take(app: &App, costs: &[(String, Quota)]) -> store::Result<Option<Duration>> {
    if costs.is_empty() {
        return Ok(None);
    }
    let (now, keys) = (app.now(), costs.to_vec());
    let taking = app.store.write(move |conn| {
        let keys = keys.clone();
        Box::pin(async move { buckets::take_each(conn, &keys, now).await })
    });
    match taking.await? {
        Take::Given => Ok(None),
        Take::Wait(wait) => {
            app.metrics.limited(NAME);
            Ok(Some(wait))
        }
    }
}

/// The code was right: it cost nothing.
///
/// # Errors
/// The store's.
pub(super) async fn give_back(app: &App, costs: Vec<(String, Quota)>) -> store::Result<()> {
    if costs.is_empty() {
        return Ok(());
    }
    let giving = app.store.write(move |conn| {
        let costs = costs.clone();
        Box::pin(async move { buckets::update_given_back(conn, &costs).await })
    });
    giving.await
}
