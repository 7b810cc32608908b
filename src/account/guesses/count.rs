//! Counting, in one transaction, before the password is checked.

use std::sync::Arc;
use std::time::Duration;

use super::{Guess, Limit, Limited, device_key, key, rules};
use crate::app::App;
use crate::audit::{self, Event};
use crate::clock::Timestamp;
use crate::config::{Limits, Quota};
use crate::store::buckets::{self, Take};
use crate::store::{self, Conn, failures, tried_accounts};

/// A refusal is recorded once in this time for each limit and whom it holds back: a flood must not fill the log with itself.
pub(in crate::account) const RECORDED: Quota = Quota { burst: 1, per: Duration::from_mins(10) };

/// What was counted for a try, to be given back.
#[derive(Clone, Debug)]
pub struct Counted {
    guess: Guess,
    /// By the known device, not with the strangers.
    by_device: bool,
    buckets: Vec<(String, Quota)>,
}

/// Counts a try. `refused`: the event that is recorded when it must not be made.
///
/// # Errors
/// The store's.
pub async fn count(app: &App, guess: Guess, refused: Event) -> store::Result<Result<Counted, Limited>> {
    let now = app.now();
    let counting = Arc::new(Counting { guess, refused, limits: app.config.limits.clone(), now });
    let counted = app
        .store
        .write(move |conn| {
            let counting = Arc::clone(&counting);
            Box::pin(async move { counting.run(conn).await })
        })
        .await?;
    if let Err(limited) = &counted {
        app.metrics.limited(limited.limit.as_str());
    }
    Ok(counted)
}

struct Counting {
    guess: Guess,
    refused: Event,
    limits: Limits,
    now: Timestamp,
}

impl Counting {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Result<Counted, Limited>> {
        let counted = match self.by_device(conn).await? {
            Some(outcome) => outcome,
            None => self.by_strangers(conn).await?,
        };
        if let Err(limited) = &counted {
            self.record(conn, limited.limit).await?;
        }
        Ok(counted)
    }

    /// `None`: no known device, or one whose budget is spent; then it is a stranger like any other.
    async fn by_device(&self, conn: &Conn<'_>) -> store::Result<Option<Result<Counted, Limited>>> {
        let Some(device) = self.guess.device else { return Ok(None) };
        let (key, rules) = (device_key(self.guess.account, device), rules::known_device(&self.limits));
        if failures::redeem(conn, &key, self.guess.account, &rules, self.now).await? {
            return Ok(Some(Ok(Counted { guess: self.guess.clone(), by_device: true, buckets: Vec::new() })));
        }
        let row = failures::find(conn, &key).await?.unwrap_or_default();
        if row.failures >= rules.ceiling {
            return Ok(None);
        }
        Ok(Some(Err(Limited { limit: Limit::KnownDevice, wait: row.blocked_until.since(self.now) })))
    }

    async fn by_strangers(&self, conn: &Conn<'_>) -> store::Result<Result<Counted, Limited>> {
        let mut taken = Vec::new();
        if self.limits.enabled {
            for (limit, key, quota) in self.buckets() {
                if let Take::Wait(wait) = buckets::take(conn, &key, quota, self.now).await? {
                    return Ok(Err(Limited { limit, wait }));
                }
                taken.push((key, quota));
            }
            let quota = self.limits.accounts_per_address;
            if !tried_accounts::redeem(conn, &self.guess.address, self.guess.account, quota, self.now).await? {
                let since = tried_accounts::find(conn, &self.guess.address).await?.map_or(self.now, |tried| tried.started_at);
                return Ok(Err(Limited { limit: Limit::Accounts, wait: since.plus(quota.per).since(self.now) }));
            }
        }
        let (key, rules) = (key(self.guess.account), rules::strangers(&self.limits));
        if failures::redeem(conn, &key, self.guess.account, &rules, self.now).await? {
            return Ok(Ok(Counted { guess: self.guess.clone(), by_device: false, buckets: taken }));
        }
        let row = failures::find(conn, &key).await?.unwrap_or_default();
        let limit = if row.failures >= rules.ceiling { Limit::Ceiling } else { Limit::Account };
        Ok(Err(Limited { limit, wait: row.blocked_until.since(self.now) }))
    }

    fn buckets(&self) -> [(Limit, String, Quota); 2] {
        let Guess { account, address, .. } = &self.guess;
        [
            (Limit::Address, format!("password-address:{address}"), self.limits.password_per_address),
            (Limit::AccountAndAddress, format!("password-account:{account}:{address}"), self.limits.password_per_account_and_address),
        ]
    }

    async fn record(&self, conn: &Conn<'_>, limit: Limit) -> store::Result<()> {
        let Guess { account, address, .. } = &self.guess;
        let key = format!("limited:{}:{account}:{address}", limit.as_str());
        if buckets::take(conn, &key, RECORDED, self.now).await? == Take::Given {
            audit::record(conn, &self.refused.clone().detail("limit", limit.as_str()), self.now).await?;
        }
        Ok(())
    }
}

/// Gives a try back: it was right, and the row of failures is over; or it was never checked (`right`: false), and those before it stay.
///
/// # Errors
/// The store's.
pub async fn give_back(app: &App, counted: Counted, right: bool) -> store::Result<()> {
    let counted = Arc::new(counted);
    app.store
        .write(move |conn| {
            let counted = Arc::clone(&counted);
            Box::pin(async move { counted.give_back(conn, right).await })
        })
        .await
}

impl Counted {
    async fn give_back(&self, conn: &Conn<'_>, right: bool) -> store::Result<()> {
        let Guess { account, address, device } = &self.guess;
        let key = match device {
            Some(device) if self.by_device => device_key(*account, *device),
            _ => key(*account),
        };
        // In the order in which they were counted, so that two transactions never wait for each other.
        if !self.buckets.is_empty() {
            buckets::update_given_back(conn, &self.buckets).await?;
            tried_accounts::update_given_back(conn, address, *account).await?;
        }
        if right {
            failures::revoke(conn, &key).await?;
            // A device that had used up its own budget has it back, too: it is its person's after all.
            if let (Some(device), false) = (device, self.by_device) {
                failures::revoke(conn, &device_key(*account, *device)).await?;
            }
        } else {
            failures::update_given_back(conn, &key).await?;
        }
        Ok(())
    }
}
