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

/// What one request of a client's device is taken from, until a person answers it. `class`: of the address that asked.
#[must_use]
pub fn of_request(app: &App, client_id: &str, class: Option<&str>) -> Vec<(String, Quota)> {
    let (client, limits) = (buckets::name_of_client(client_id), &app.config.limits);
    let here = class.filter(|_| limits.enabled).map(|class| (format!("device-request:{client}:{class}"), limits.device_requests));
    here.into_iter().chain([(format!("device-request-total:{client}"), limits.device_requests_total)]).collect()
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
        Box::pin(async move { take_all(conn, &keys, now).await })
    });
    let waits = taking.await?;
    if waits.is_some() {
        app.metrics.limited(NAME);
    }
    Ok(waits)
}

async fn take_all(conn: &Conn<'_>, costs: &[(String, Quota)], now: Timestamp) -> store::Result<Option<Duration>> {
    for (key, quota) in costs {
        if let Take::Wait(wait) = buckets::take(conn, key, *quota, now).await? {
            return Ok(Some(wait));
        }
    }
    Ok(None)
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
