//! Failed authentications of clients: how many are borne, and how they are recorded.
//!
//! Each is paid for before anything is compared, from the shared budget of the client at that address, and given back when it was right. A request that
//! authenticates where nothing failed a short while ago costs no statement: a process compares without paying until the first failure, which is paid for before
//! it is answered, and not again until that is forgotten. So a budget of `n` bears `n` guesses, and one more for each replica.
//!
//! Over all addresses a client has a budget, too. Spending it keeps nobody out: an address that fails then has one guess instead of thirty. A stranger cannot
//! keep a client from its own secret anywhere but at the stranger's own address. RFC 6819 §5.1.4.2.3, OWASP ASVS 5 §6.3.1, decision 0026.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{Code, Error};
use crate::app::App;
use crate::audit::{self, Event};
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::secret::Digest;
use crate::store::buckets::{self, Take};
use crate::store::clients::Client;
use crate::store::{self, Conn};
use crate::web::address;

/// The limit's name in metrics.
const NAME: &str = "client_authentication";

/// One attempt of a client to authenticate.
pub(super) struct Attempt {
    /// Whose failures are recorded together.
    tally: String,
    /// The client, if there is such a one.
    client_id: Option<String>,
    /// What it calls itself otherwise.
    claimed: String,
    /// None when limits by address are off.
    budget: Option<Budget>,
}

#[derive(Clone)]
struct Budget {
    /// The client at this address.
    here: String,
    /// The client everywhere; none for one that does not exist, of whom nothing is kept that anybody can make grow.
    everywhere: Option<String>,
}

impl Attempt {
    /// What a client calls itself can be anything; only what is an id stays readable for operators.
    pub(super) fn of(app: &App, client: Option<&Client>, claimed: &str, origin: &audit::Origin) -> Self {
        let named = if super::client::is_client_id(claimed) && claimed.len() <= 100 {
            claimed.to_owned()
        } else {
            URL_SAFE_NO_PAD.encode(Digest::of(claimed.as_bytes()).as_bytes()).chars().take(12).collect()
        };
        let class = origin.address.map(|address| address::class(address).to_string());
        let budget = class
            .as_ref()
            .filter(|_| app.config.limits.enabled)
            .map(|class| Budget { here: format!("client:{named}:{class}"), everywhere: client.map(|_| format!("client:{named}")) });
        let client_id = client.map(|client| client.client_id.clone());
        let tally = format!("{}:{}", client_id.as_deref().unwrap_or_default(), class.as_deref().unwrap_or_default());
        Self { tally, client_id, claimed: claimed.chars().take(128).collect(), budget }
    }

    /// What `check` says, if there is budget for it; what it fails with is counted and recorded, as `failed` describes it.
    ///
    /// # Errors
    /// What `check` fails with; there were too many failures a short while ago; the store's.
    pub(super) async fn run<T>(
        &self,
        app: &App,
        check: impl Fn() -> Result<T, Error>,
        failed: impl Fn(&Error) -> Event,
    ) -> Result<T, Error> {
        let now = app.now();
        let Some(budget) = &self.budget else {
            let checked = check();
            if let Err(error) = &checked {
                self.write_failure(app, &[], failed(error), now).await?;
            }
            return checked;
        };
        if let Some(until) = app.refused.until(&budget.here, now) {
            return Err(refusal(app, until, now));
        }
        let quota = budget.quota(app, now);
        let noted = format!("noted:{}", budget.here);
        if let Some(first) = app.refused.check_unless_noted(&noted, now.plus(quota.per), now, &check) {
            let Err(error) = &first else { return first };
            let here = [(budget.here.clone(), quota)];
            return match self.write_failure(app, &here, failed(error), now).await? {
                Some(until) => Err(refusal(app, until, now)),
                None => first,
            };
        }
        self.pay_first(app, (budget, quota), &check, failed).await
    }

    /// Something failed here a short while ago: the guess is paid for before it is looked at.
    async fn pay_first<T>(
        &self,
        app: &App,
        (budget, quota): (&Budget, Quota),
        check: impl Fn() -> Result<T, Error>,
        failed: impl Fn(&Error) -> Event,
    ) -> Result<T, Error> {
        let now = app.now();
        let here = (budget.here.clone(), quota);
        let paid = here.clone();
        let taking = app.store.write_one(move |conn| {
            let (key, quota) = paid.clone();
            Box::pin(async move { buckets::take(conn, &key, quota, now).await })
        });
        if let Take::Wait(wait) = taking.await? {
            let until = now.plus(wait);
            app.refused.insert(budget.here.clone(), until, now);
            return Err(refusal(app, until, now));
        }
        let checked = check();
        match &checked {
            Ok(_) => {
                let giving = app.store.write_one(move |conn| {
                    let here = here.clone();
                    Box::pin(async move { buckets::update_given_back(conn, &[here]).await })
                });
                giving.await?;
            }
            Err(error) => {
                app.refused.insert(format!("noted:{}", budget.here), now.plus(quota.per), now);
                self.write_failure(app, &[], failed(error), now).await?;
            }
        }
        checked
    }

    /// In one transaction: what the failure costs, and its event if one is due. Until when nothing is borne any more, if so.
    async fn write_failure(&self, app: &App, here: &[(String, Quota)], event: Event, now: Timestamp) -> store::Result<Option<Timestamp>> {
        let event = match &self.client_id {
            Some(client_id) => event.client(client_id),
            None => event.detail("claimed", self.claimed.clone()),
        };
        let event = app.client_failures.count(&self.tally, &event, now).map(|failures| event.detail("failures", failures));
        let everywhere = self.budget.as_ref().and_then(|budget| budget.everywhere.clone());
        let everywhere = everywhere.filter(|key| app.refused.until(key, now).is_none());
        let total = app.config.limits.client_authentication_total;
        let costs: Vec<_> = here.iter().cloned().chain(everywhere.map(|key| (key, total))).collect();
        if costs.is_empty() && event.is_none() {
            return Ok(None);
        }
        let written = app.store.write(move |conn| {
            let (costs, event) = (costs.clone(), event.clone());
            Box::pin(async move { write(conn, &costs, event.as_ref(), now).await })
        });
        let mut until = None;
        for (key, wait) in written.await? {
            app.refused.insert(key.clone(), now.plus(wait), now);
            if here.iter().any(|(here, _)| *here == key) {
                until = Some(now.plus(wait));
            }
        }
        Ok(until)
    }
}

impl Budget {
    /// While the client has none left anywhere, one guess.
    fn quota(&self, app: &App, now: Timestamp) -> Quota {
        let quota = app.config.limits.client_authentication;
        let is_spent = self.everywhere.as_ref().is_some_and(|key| app.refused.until(key, now).is_some());
        if is_spent { Quota { burst: 1, ..quota } } else { quota }
    }
}

/// Those that had nothing left, and for how long.
async fn write(
    conn: &Conn<'_>,
    costs: &[(String, Quota)],
    event: Option<&Event>,
    now: Timestamp,
) -> store::Result<Vec<(String, std::time::Duration)>> {
    let mut spent = Vec::new();
    for (key, quota) in costs {
        if let Take::Wait(wait) = buckets::take(conn, key, *quota, now).await? {
            spent.push((key.clone(), wait));
        }
    }
    if let Some(event) = event {
        audit::record(conn, event, now).await?;
    }
    Ok(spent)
}

fn refusal(app: &App, until: Timestamp, now: Timestamp) -> Error {
    app.metrics.limited(NAME);
    let seconds = u64::try_from(until.since(now).as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
    let description = format!("too many failed authentications of this client from this address; try again in {seconds} s");
    Error { retry_after: Some(seconds), ..Error::new(Code::TooManyRequests, description) }
}
