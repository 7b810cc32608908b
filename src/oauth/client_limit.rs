//! Failed authentications of one client from one address.
//!
//! They are counted in the shared store, after they failed: a request that authenticates costs no statement. Once there are too many, no secret is compared
//! for that client and address until the budget has something again; at every other address the client is served as always.
//! RFC 6819 §5.1.4.2.3, OWASP ASVS 5 §6.3.1.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{Code, Error};
use crate::app::App;
use crate::audit;
use crate::clock::Timestamp;
use crate::secret::Digest;
use crate::store;
use crate::store::buckets::{self, Take};
use crate::web::address;

/// The limit's name in metrics.
const NAME: &str = "client_authentication";

/// Where the failures of a request are counted; none when limits by address are off.
pub(super) struct FailureLimit(Option<String>);

impl FailureLimit {
    /// What a client calls itself can be anything; only what is an id stays readable for operators.
    pub(super) fn of(app: &App, client_id: &str, origin: &audit::Origin) -> Self {
        let Some(address) = origin.address.filter(|_| app.config.limits.enabled) else { return Self(None) };
        let named = if super::client::is_client_id(client_id) && client_id.len() <= 100 {
            client_id.to_owned()
        } else {
            URL_SAFE_NO_PAD.encode(Digest::of(client_id.as_bytes()).as_bytes()).chars().take(12).collect()
        };
        Self(Some(format!("client:{named}:{}", address::class(address))))
    }

    /// Before anything is compared.
    ///
    /// # Errors
    /// There were too many failures a short while ago.
    pub(super) fn check(&self, app: &App) -> Result<(), Error> {
        let now = app.now();
        match self.0.as_ref().and_then(|key| app.refused.until(key, now)) {
            Some(until) => Err(refusal(app, until, now)),
            None => Ok(()),
        }
    }

    /// After a failure.
    ///
    /// # Errors
    /// It is one too many; the store's.
    pub(super) async fn count(&self, app: &App) -> Result<(), Error> {
        let Some(key) = &self.0 else { return Ok(()) };
        let now = app.now();
        match take(app, key.clone(), now).await? {
            Take::Given => Ok(()),
            Take::Wait(wait) => {
                let until = now.plus(wait);
                app.refused.insert(key.clone(), until, now);
                Err(refusal(app, until, now))
            }
        }
    }
}

async fn take(app: &App, key: String, now: Timestamp) -> store::Result<Take> {
    let quota = app.config.limits.client_authentication;
    let taken = app.store.write_one(move |conn| {
        let key = key.clone();
        Box::pin(async move { buckets::take(conn, &key, quota, now).await })
    });
    taken.await
}

fn refusal(app: &App, until: Timestamp, now: Timestamp) -> Error {
    app.metrics.limited(NAME);
    let seconds = u64::try_from(until.since(now).as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
    let description = format!("too many failed authentications of this client from this address; try again in {seconds} s");
    Error { retry_after: Some(seconds), ..Error::new(Code::TooManyRequests, description) }
}
