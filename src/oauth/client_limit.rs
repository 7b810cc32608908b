//! Failed authentications of clients: how many are borne, and how they are recorded.
//!
//! Each is paid for before anything is compared, from the shared budget of the client at that address, and given back when it was right. A request that
//! authenticates where nothing failed a short while ago costs no statement: a process compares without paying until the first failure, which is paid for before
//! it is answered, and not again until that is forgotten. So a budget of `n` bears `n` guesses, and one more for each replica. What one has paid serves all that
//! are right beside it: many of them at once are not in each other's way, however little is left.
//!
//! Over all addresses a client has a budget, too. Spending it keeps nobody out: an address that fails then has one guess instead of thirty. A stranger cannot
//! keep a client from its own secret anywhere but at the stranger's own address. RFC 6819 §5.1.4.2.3, OWASP ASVS 5 §6.3.1, decision 0026.

use super::error::{Code, Error};
use crate::app::App;
use crate::audit::{self, Event};
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::ratelimit::noted::Looked;
use crate::ratelimit::refused::Known;
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
    /// The client at this address; those that do not exist are together one client.
    here: String,
    /// The client everywhere; none for one that does not exist, of whom nothing is kept that anybody can make grow.
    everywhere: Option<String>,
}

impl Attempt {
    /// What a client calls itself can be anything; only what is an id stays readable for operators.
    pub(super) fn of(app: &App, client: Option<&Client>, claimed: &str, origin: &audit::Origin) -> Self {
        let class = origin.address.map(|address| address::class(address).to_string());
        let budget = class.as_ref().filter(|_| app.config.limits.enabled).map(|class| Budget::of(client, class));
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
        let quota = budget.quota(app, now);
        match app.client_guesses.look(&budget.here, (now, quota.per), &check) {
            Looked::ToPay => self.pay_first(app, budget, &check, failed).await,
            looked => self.settle(app, (budget, quota), looked, failed).await,
        }
    }

    /// Something failed here a short while ago: the guess is paid for before it is looked at.
    async fn pay_first<T>(
        &self,
        app: &App,
        budget: &Budget,
        check: impl Fn() -> Result<T, Error>,
        failed: impl Fn(&Error) -> Event,
    ) -> Result<T, Error> {
        let mut turn = app.client_guesses.enter(&budget.here);
        let held = turn.comes().await;
        // Others may have paid, and failed, meanwhile.
        let now = app.now();
        let quota = budget.quota(app, now);
        let looked = match app.client_guesses.look(&budget.here, (now, quota.per), &check) {
            Looked::ToPay => match budget.take(app, quota, now).await? {
                Take::Given => Looked::Paid(turn.check_paid(quota, now, &check)),
                Take::Wait(wait) => {
                    app.client_guesses.refuse(&budget.here, now.plus(wait), now);
                    Looked::RefusedUntil(now.plus(wait))
                }
            },
            looked => looked,
        };
        if let Some(quota) = turn.leave() {
            budget.give_back(app, quota).await?;
        }
        drop(held);
        self.settle(app, (budget, quota), looked, failed).await
    }

    /// The answer, when what failed has been counted and recorded.
    async fn settle<T>(
        &self,
        app: &App,
        (budget, quota): (&Budget, Quota),
        looked: Looked<T, Error>,
        failed: impl Fn(&Error) -> Event,
    ) -> Result<T, Error> {
        let now = app.now();
        let here = [(budget.here.clone(), quota)];
        let (checked, costs) = match looked {
            Looked::Unpaid(checked) => (checked, here.as_slice()),
            Looked::Paid(checked) => (checked, [].as_slice()),
            Looked::RefusedUntil(until) => return Err(refusal(app, until, now)),
            Looked::ToPay => return Err(refusal(app, now, now)),
        };
        let Err(error) = &checked else { return checked };
        match self.write_failure(app, costs, failed(error), now).await? {
            Some(until) => Err(refusal(app, until, now)),
            None => checked,
        }
    }

    /// In one transaction: what the failure costs, and its event if one is due. Until when nothing is borne any more, if so.
    async fn write_failure(&self, app: &App, here: &[(String, Quota)], event: Event, now: Timestamp) -> store::Result<Option<Timestamp>> {
        let event = match &self.client_id {
            Some(client_id) => event.client(client_id),
            None => event.detail("claimed", self.claimed.clone()),
        };
        // Counted again if it is not written after all.
        let untold = app.client_failures.count(&self.tally, &event, now);
        let number = untold.as_ref().map(|untold| untold.due().iter().map(|due| due.number).sum::<u32>());
        let event = number.map(|failures| event.detail("failures", failures));
        let everywhere = self.budget.as_ref().and_then(|budget| budget.everywhere.clone());
        let everywhere = everywhere.filter(|key| !matches!(app.clients_spent.ask(key, now), Known::RefusedUntil(_)));
        let total = app.config.limits.client_authentication_total;
        let costs: Vec<_> = here.iter().cloned().chain(everywhere.map(|key| (key, total))).collect();
        if costs.is_empty() && event.is_none() {
            return Ok(None);
        }
        let written = app.store.write(move |conn| {
            let (costs, event) = (costs.clone(), event.clone());
            Box::pin(async move { write(conn, &costs, event.as_ref(), now).await })
        });
        let spent = written.await?;
        if let Some(untold) = untold {
            untold.told();
        }
        let mut until = None;
        for (key, wait) in spent {
            if here.iter().any(|(here, _)| *here == key) {
                app.client_guesses.refuse(&key, now.plus(wait), now);
                until = Some(now.plus(wait));
            } else {
                app.clients_spent.insert(key, now.plus(wait), now);
            }
        }
        Ok(until)
    }
}

impl Budget {
    fn of(client: Option<&Client>, class: &str) -> Self {
        let Some(client) = client else {
            return Self { here: format!("client-unknown:{class}"), everywhere: None };
        };
        let named = buckets::name_of_client(&client.client_id);
        Self { here: format!("client:{named}:{class}"), everywhere: Some(format!("client-total:{named}")) }
    }

    /// While the client has none left anywhere, or may have none, one guess.
    fn quota(&self, app: &App, now: Timestamp) -> Quota {
        let quota = app.config.limits.client_authentication;
        let may_be_spent = self.everywhere.as_ref().is_some_and(|key| app.clients_spent.ask(key, now) != Known::NotRefused);
        if may_be_spent { Quota { burst: 1, ..quota } } else { quota }
    }

    async fn take(&self, app: &App, quota: Quota, now: Timestamp) -> store::Result<Take> {
        let key = self.here.clone();
        let taking = app.store.write_one(move |conn| {
            let key = key.clone();
            Box::pin(async move { buckets::take(conn, &key, quota, now).await })
        });
        taking.await
    }

    async fn give_back(&self, app: &App, quota: Quota) -> store::Result<()> {
        let taken = (self.here.clone(), quota);
        let giving = app.store.write_one(move |conn| {
            let taken = taken.clone();
            Box::pin(async move { buckets::update_given_back(conn, &[taken]).await })
        });
        giving.await
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
