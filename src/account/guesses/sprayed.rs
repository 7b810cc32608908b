//! One password tried in vain from many addresses: spraying, or stuffing by so many machines that none of them stands out (SECURITY PW-6).
//!
//! A password is counted by twenty bits of a keyed digest: enough to see that many tried the same, and worth nothing to whoever reads the database. Who was
//! right, and who tries in a browser that knows them, is not concerned.

use uuid::Uuid;

use super::{Limit, Limited};
use crate::app::App;
use crate::audit::{self, Event};
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::ratelimit::refused::Known;
use crate::secret::{Purpose, Secret};
use crate::store::buckets::{self, Take};
use crate::store::{self, Conn, tried_accounts};

/// A password that is tried: what it is counted by, and nothing more of it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// By chance two passwords share one in a million.
    key: String,
    address: Uuid,
    /// Addresses from which it may be tried in vain. It is recorded, and the password kept from strangers, for as long as they are counted.
    quota: Quota,
}

impl Tried {
    /// `address`: its class, as text.
    pub(in crate::account) fn of(app: &App, password: &Secret<String>, address: &str) -> Self {
        let mac = |what: &[u8], text: &str| app.sealer.mac(Purpose::KnownDevice, &[what, text.as_bytes()].concat());
        let digest = mac(b"password", password.expose());
        let [a, b, c, ..] = digest;
        let address = mac(b"address", address).split_first_chunk::<16>().map_or([0; 16], |(id, _)| *id);
        let quota = app.config.limits.addresses_per_password;
        Self { key: format!("password:{a:02x}{b:02x}{:x}", c >> 4), address: uuid::Builder::from_random_bytes(address).into_uuid(), quota }
    }

    /// Whether strangers are kept from trying it now. This process knows when it has seen a failure since the limit was met, and asks the database only when
    /// it had no room to remember that of all.
    pub(in crate::account) async fn check(&self, app: &App) -> store::Result<Result<(), Limited>> {
        if !app.config.limits.enabled {
            return Ok(Ok(()));
        }
        let now = app.now();
        let until = match app.refused.ask(&self.key, now) {
            Known::RefusedUntil(until) => Some(until),
            Known::NotRefused => None,
            Known::Unsure => self.counted_until(app, now).await?,
        };
        Ok(until.map_or(Ok(()), |until| {
            app.metrics.limited(Limit::Sprayed.as_str());
            Err(Limited { limit: Limit::Sprayed, wait: until.since(now) })
        }))
    }

    /// Until when as many addresses count as may have tried it in vain.
    async fn counted_until(&self, app: &App, now: Timestamp) -> store::Result<Option<Timestamp>> {
        let counted = tried_accounts::find(&app.store.read(), &self.key).await?;
        let full = counted.filter(|row| row.accounts >= self.quota.burst && now.is_within(self.quota.per, row.started_at));
        Ok(full.map(|row| row.started_at.plus(self.quota.per)))
    }

    /// Counts a failure, in the transaction that records it. Whether there were too many. `event`: what is recorded then, once in a while.
    pub(in crate::account) async fn count_within(&self, conn: &Conn<'_>, event: &Event, now: Timestamp) -> store::Result<bool> {
        if tried_accounts::redeem(conn, &self.key, self.address, self.quota, now).await? {
            return Ok(false);
        }
        let once = Quota { burst: 1, ..self.quota };
        if buckets::take(conn, &format!("limited:{}", self.key), once, now).await? == Take::Given {
            audit::record(conn, &event.clone().detail("addresses", self.quota.burst), now).await?;
        }
        Ok(true)
    }

    /// Keeps strangers from trying it for a while.
    pub(in crate::account) fn keep_out(&self, app: &App) {
        let now = app.now();
        app.refused.insert(self.key.clone(), now.plus(self.quota.per), now);
    }
}
